// A form from the JSON schema of a method's parameters, and the parameters from what was typed. Only the shape that manifests may
// use (libcommon/rpc/schema.hpp) is understood; what has no field of its own is typed as JSON. The node checks again.

export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'lines' | 'json';

export interface Field {
  name: string;
  kind: FieldKind;
  label: string;
  hint: string;
  isRequired: boolean;
  /** What the field begins with. */
  initial: string;
  /** Of a choice: shown and sent as JSON text. */
  choices: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

export interface Form {
  /** Those that are needed first. Empty: the method takes no parameters. Null: the schema says nothing about them, so they are typed as one JSON text. */
  fields: Field[] | null;
}

type Shape = Record<string, unknown>;

function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typesOf(shape: Shape): string[] {
  const type = shape.type;
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.filter((one): one is string => typeof one === 'string') : [];
}

function kindOf(shape: Shape): FieldKind {
  if (Array.isArray(shape.enum)) return 'choice';
  const types = typesOf(shape).filter((type) => type !== 'null');
  if (types.length !== 1) return 'json';
  switch (types[0]) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
    case 'boolean':
      return types[0];
    case 'array':
      return isShape(shape.items) && typesOf(shape.items).join() === 'string' && !shape.items.enum ? 'lines' : 'json';
    default:
      return 'json';
  }
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function initialOf(shape: Shape, kind: FieldKind): string {
  const value = shape.default;
  if (value === undefined) return '';
  if (kind === 'text' && typeof value === 'string') return value;
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n');
  return JSON.stringify(value);
}

function hintOf(shape: Shape): string {
  const parts: string[] = [];
  if (typeof shape.description === 'string') parts.push(shape.description);
  if (shape.minimum !== undefined && shape.maximum !== undefined) parts.push(`${shape.minimum} to ${shape.maximum}`);
  else if (shape.minimum !== undefined) parts.push(`at least ${shape.minimum}`);
  else if (shape.maximum !== undefined) parts.push(`at most ${shape.maximum}`);
  // RE2 text of a service: the node applies it; RegExp may take as good as for ever.
  if (typeof shape.pattern === 'string') parts.push(`must match ${shape.pattern}`);
  if (Array.isArray(shape.examples) && shape.examples.length > 0) parts.push(`for example ${JSON.stringify(shape.examples[0])}`);
  return parts.join('; ');
}

function fieldOf(name: string, shape: Shape, isRequired: boolean): Field {
  const kind = kindOf(shape);
  return {
    name,
    kind,
    label: typeof shape.title === 'string' ? shape.title : name,
    hint: hintOf(shape),
    isRequired,
    initial: initialOf(shape, kind),
    choices: kind === 'choice' ? (shape.enum as unknown[]).map((value) => JSON.stringify(value)) : [],
    minimum: number(shape.minimum),
    maximum: number(shape.maximum),
    minLength: number(shape.minLength),
    maxLength: number(shape.maxLength),
  };
}

export function formOf(schema: unknown): Form {
  if (!isShape(schema)) return { fields: null };
  const properties = isShape(schema.properties) ? schema.properties : {};
  const names = Object.keys(properties);
  if (names.length === 0 && schema.additionalProperties !== false) return { fields: null };
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = names.map((name) => fieldOf(name, isShape(properties[name]) ? properties[name] : {}, required.includes(name)));
  return { fields: fields.sort((a, b) => Number(b.isRequired) - Number(a.isRequired)) };
}

function lengthFlaw(field: Field, text: string): string {
  const length = [...text].length;
  if (field.minLength !== undefined && length < field.minLength) return `needs at least ${field.minLength} characters`;
  if (field.maxLength !== undefined && length > field.maxLength) return `takes at most ${field.maxLength} characters`;
  return '';
}

function numberFlaw(field: Field, text: string): string {
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  if (!isNumber) return field.kind === 'integer' ? 'must be a whole number' : 'must be a number';
  const value = Number(text);
  if (field.kind === 'integer' && !Number.isInteger(value)) return 'must be a whole number';
  if (field.minimum !== undefined && value < field.minimum) return `must be at least ${field.minimum}`;
  if (field.maximum !== undefined && value > field.maximum) return `must be at most ${field.maximum}`;
  return '';
}

function jsonFlaw(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch {
    return 'must be JSON: "text", 12, true, [1, 2] or {"name": 1}';
  }
}

/** One field's value as JSON text, so that a number keeps every digit that was typed. */
function valueText(field: Field, typed: string): { text: string; flaw: string } {
  switch (field.kind) {
    case 'text':
      return { text: JSON.stringify(typed), flaw: lengthFlaw(field, typed) };
    case 'number':
    case 'integer':
      return { text: typed.trim(), flaw: numberFlaw(field, typed.trim()) };
    case 'lines':
      return { text: JSON.stringify(typed.split('\n').filter((line) => line !== '')), flaw: '' };
    case 'boolean':
    case 'choice':
      return { text: typed, flaw: jsonFlaw(typed) };
    case 'json':
      return { text: typed, flaw: jsonFlaw(typed) };
  }
}

export type Params = { ok: true; text: string } | { ok: false; flaws: Record<string, string> };

/** A needed text that may be empty: only who means it sends it so. */
export function mayBeEmpty(field: Field): boolean {
  return field.kind === 'text' && field.isRequired && !field.minLength;
}

/** The parameters as JSON text. A field left empty is left out; one that is required is a flaw, unless it is among those that are
 *  meant to be `empty`. The flaw of a text without fields has the name ''. */
export function paramsText(form: Form, typed: Readonly<Record<string, string>>, empty: ReadonlySet<string> = new Set()): Params {
  if (form.fields === null) {
    const text = (typed[''] ?? '').trim() || '{}';
    const flaw = jsonFlaw(text) || (/^[[{]/.test(text) ? '' : 'must be an object or a list');
    return flaw ? { ok: false, flaws: { '': flaw } } : { ok: true, text };
  }
  const flaws: Record<string, string> = {};
  const members: string[] = [];
  for (const field of form.fields) {
    const value = typed[field.name] ?? '';
    if (value === '') {
      if (!field.isRequired) continue;
      if (!mayBeEmpty(field) || !empty.has(field.name)) {
        flaws[field.name] = 'is needed';
        continue;
      }
    }
    const { text, flaw } = valueText(field, value);
    if (flaw) flaws[field.name] = flaw;
    else members.push(`${JSON.stringify(field.name)}:${text}`);
  }
  return Object.keys(flaws).length > 0 ? { ok: false, flaws } : { ok: true, text: `{${members.join(',')}}` };
}

export function initialValues(form: Form): Record<string, string> {
  const out: Record<string, string> = {};
  for (const field of form.fields ?? []) if (field.initial) out[field.name] = field.initial;
  return out;
}
