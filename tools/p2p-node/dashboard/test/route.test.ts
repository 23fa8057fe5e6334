import { describe, expect, it } from 'vitest';
import { filterOf, markMatches, paramsOf, queryFilter, wireFilter } from '../src/state/log_filter';
import { formatRoute, link, parseRoute, tokenIn, withParams } from '../src/state/route';

describe('the address', () => {
  it.each(['#/overview', '#/nodes/web-1', '#/logs?level=ERROR&node=web-*%2Cdb-1', '#/services/a%2Fb?q=x+y'])('%s comes back as it was', (hash) => {
    expect(formatRoute(parseRoute(hash))).toBe(hash);
  });

  it('leaves out what is empty', () => {
    expect(formatRoute(withParams(parseRoute('#/logs?level=ERROR'), { level: '', node: 'a' }))).toBe('#/logs?node=a');
  });

  it.each(['', '#', '#/nonsense', '#/%E0%A4%A', '#t=abc'])('%j leads to the overview', (hash) => {
    expect(parseRoute(hash).tab).toBe('overview');
  });

  it('takes a bounded number of bounded values', () => {
    const long = parseRoute(`#/logs?text=${'x'.repeat(9999)}&${Array.from({ length: 99 }, (_, i) => `p${i}=1`).join('&')}`);
    expect(long.params.text).toHaveLength(512);
    expect(Object.keys(long.params)).toHaveLength(20);
  });

  it('has no names of its own in its parameters', () => {
    expect(parseRoute('#/logs').params.constructor).toBeUndefined();
    expect(parseRoute('#/logs?__proto__=1').params.__proto__).toBe('1');
  });

  it('finds the token, and nothing else', () => {
    expect(tokenIn('#t=abc-DEF_1.2')).toBe('abc-DEF_1.2');
    expect(tokenIn('#t=')).toBeUndefined();
    expect(tokenIn('#/logs?t=abc')).toBeUndefined();
    expect(tokenIn('#t=a b')).toBeUndefined();
  });

  it('encodes names', () => {
    expect(link('nodes', 'a/b?c')).toBe('#/nodes/a%2Fb%3Fc');
    expect(parseRoute(link('nodes', 'a/b?c')).item).toBe('a/b?c');
  });
});

describe('the filter of logs', () => {
  const filter = filterOf({ node: ' web-*, db-1,', level: 'ERROR', logger: 'Service.*', text: 'disk' });

  it('becomes a subscription', () => {
    expect(wireFilter(filter)).toEqual({ nodes: ['web-*', 'db-1'], level: 'ERROR', logger: 'Service.*', text: 'disk' });
    expect(wireFilter(filterOf({}))).toEqual({});
  });

  it('becomes the parameters of GET /api/logs', () => {
    expect(queryFilter(filter)).toEqual({ node_id: 'web-*,db-1', level: 'ERROR', logger_name: 'Service.*', text: 'disk' });
  });

  it('comes back from the address', () => {
    const expression = filterOf({ regex: 'a+', level: 'nonsense' });
    expect(expression).toEqual({ node: '', logger: '', level: '', text: 'a+', isRegex: true });
    expect(filterOf(paramsOf(expression))).toEqual(expression);
    expect(filterOf(paramsOf(filter))).toEqual(filter);
  });

  it('marks what was searched for', () => {
    expect(markMatches('Disk full, disk', { text: 'disk', isRegex: false })).toEqual([['Disk', true], [' full, ', false], ['disk', true]]);
    expect(markMatches('a.b axb', { text: 'a.b', isRegex: false })).toEqual([['a.b', true], [' axb', false]]);
    expect(markMatches('C:\\d (1)', { text: '\\D (1', isRegex: false })).toEqual([['C:', false], ['\\d (1', true], [')', false]]);
  });

  // RE2 takes time in proportion to the text; RegExp takes twice as long for each further letter here.
  it('marks nothing of an expression, which only the node applies', () => {
    const message = 'a'.repeat(24);
    expect(markMatches(message, { text: '(a+)+b|a', isRegex: true })).toEqual([[message, false]]);
  });
});
