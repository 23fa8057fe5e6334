import { describe, expect, it } from 'vitest';
import { indentJson, memberText } from '../src/state/json_text';
import { formOf, initialValues, paramsText } from '../src/state/schema_form';

const schema = {
  type: 'object',
  properties: {
    path: { type: 'string', minLength: 1, maxLength: 5, pattern: '^/', default: '/var', description: 'where' },
    depth: { type: 'integer', minimum: 0, maximum: 9 },
    share: { type: 'number' },
    unit: { enum: ['bytes', 'percent', 3] },
    deep: { type: 'boolean' },
    names: { type: 'array', items: { type: 'string' } },
    rest: { type: 'object' },
  },
  required: ['path'],
  additionalProperties: false,
};
const form = formOf(schema);
const params = (typed: Record<string, string>) => paramsText(form, { path: '/a', ...typed });
const flaw = (typed: Record<string, string>) => {
  const out = params(typed);
  return out.ok ? '' : Object.values(out.flaws).join();
};

describe('a form', () => {
  it('has a field for each property', () => {
    expect(form.fields!.map((field) => [field.name, field.kind])).toEqual([
      ['path', 'text'], ['depth', 'integer'], ['share', 'number'], ['unit', 'choice'], ['deep', 'boolean'], ['names', 'lines'], ['rest', 'json'],
    ]);
    expect(form.fields![0]).toMatchObject({ isRequired: true, hint: 'where; must match ^/' });
    expect(initialValues(form)).toEqual({ path: '/var' });
  });

  it('begins with what is needed, else in the order of the schema', () => {
    const properties = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { type: 'string' }]));
    expect(formOf({ type: 'object', properties, required: ['d', 'b'] }).fields!.map((field) => field.name)).toEqual(['b', 'd', 'a', 'c']);
  });

  it('gives the parameters that were typed, and no others', () => {
    const out = params({ depth: '3', share: '0.50', unit: '"percent"', deep: 'false', names: 'a\n\nb', rest: '{"x":[1]}' });
    expect(out.ok && JSON.parse(out.text)).toEqual({ path: '/a', depth: 3, share: 0.5, unit: 'percent', deep: false, names: ['a', 'b'], rest: { x: [1] } });
    expect(params({})).toEqual({ ok: true, text: '{"path":"/a"}' });
  });

  it('keeps every digit', () => {
    const big = formOf({ type: 'object', properties: { id: { type: 'integer' } } });
    expect(paramsText(big, { id: '9007199254740993' })).toEqual({ ok: true, text: '{"id":9007199254740993}' });
  });

  it('says what is wrong, at its field', () => {
    expect(flaw({ path: '' })).toBe('is needed');
    expect(flaw({ path: '/toolong' })).toMatch('at most 5');
    expect(flaw({ depth: '10' })).toBe('must be at most 9');
    expect(flaw({ depth: '-1' })).toBe('must be at least 0');
    expect(flaw({ depth: '1.5' })).toBe('must be a whole number');
    expect(flaw({ share: '1e' })).toBe('must be a number');
    expect(flaw({ rest: '{' })).toMatch('must be JSON');
  });

  it('sends an empty text only where that is meant', () => {
    const note = formOf({ type: 'object', properties: { note: { type: 'string' } }, required: ['note'] });
    expect(paramsText(note, { note: '' })).toEqual({ ok: false, flaws: { note: 'is needed' } });
    expect(paramsText(note, {}, new Set(['note']))).toEqual({ ok: true, text: '{"note":""}' });
    // One that must have a character is never sent without.
    expect(paramsText(form, { path: '' }, new Set(['path'])).ok).toBe(false);
  });

  it('is one JSON text where the schema says nothing', () => {
    for (const nothing of [undefined, null, {}, { type: 'object' }]) expect(formOf(nothing).fields).toBeNull();
    const free = formOf(undefined);
    expect(paramsText(free, {})).toEqual({ ok: true, text: '{}' });
    expect(paramsText(free, { '': '[1]' })).toEqual({ ok: true, text: '[1]' });
    expect(paramsText(free, { '': '5' }).ok).toBe(false);
  });

  it('has no fields where no parameter is taken', () => {
    expect(formOf({ type: 'object', properties: {}, additionalProperties: false }).fields).toEqual([]);
  });

  it.each(['(?i)x\\z', '^(a+)+b$'])('leaves the expression %s to the node, which has RE2', (pattern) => {
    const checked = formOf({ type: 'object', properties: { a: { type: 'string', pattern } } });
    expect(paramsText(checked, { a: 'a'.repeat(24) }).ok).toBe(true);
  });
});

describe('JSON as text', () => {
  it('finds a member as it was sent', () => {
    const text = '{"id":1,"a":{"result":2},"result": {"n":12345678901234567890,"s":"} \\" ]"},"z":[]}';
    expect(memberText(text, 'result')).toBe('{"n":12345678901234567890,"s":"} \\" ]"}');
    expect(memberText(text, 'z')).toBe('[]');
    expect(memberText(text, 'none')).toBeUndefined();
    expect(memberText('{"result":-1.50}', 'result')).toBe('-1.50');
  });

  it.each(['{"a":[1,{"b":"x,:{}"}],"c":{},"d":[ ]}', '[]', '"a\\"b"', '[[1,2],[]]'])('indents %s as JSON.stringify does', (text) => {
    expect(indentJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
  });
});
