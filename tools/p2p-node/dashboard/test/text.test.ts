import { describe, expect, it } from 'vitest';
import { lifeOf, useOf } from '../src/state/certificate_life';
import { escapeControls } from '../src/state/escape';
import { formatAgo, formatBytes, formatDuration, formatNumber, formatPercent } from '../src/state/format';
import type { IssuedCertificate, NodeEntry } from '../src/state/protocol';
import { matchesWords, rank, score } from '../src/state/search';
import { timeMarks } from '../src/state/time_axis';
import { rowsInSight } from '../src/state/window_rows';

describe('text of others', () => {
  // The bytes are those of UTF-8 (RFC 3629), as escape_controls of the tools shows them.
  it.each([
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\tb\r\nc', 'a\\tb\\r\\nc'],
    ['\u0000\u007f', '\\x00\\x7f'],
    ['\u009b1m', '\\xc2\\x9b1m'],
    ['\u202egpj.exe', '\\xe2\\x80\\xaegpj.exe'],
    ['\u2066x\u2069', '\\xe2\\x81\\xa6x\\xe2\\x81\\xa9'],
    ['a\u200eb\u200fc\u061cd', 'a\\xe2\\x80\\x8eb\\xe2\\x80\\x8fc\\xd8\\x9cd'],
    ['a\u2028b\u2029c', 'a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c'],
    ['<img onerror=x> é 漢 😀', '<img onerror=x> é 漢 😀'],
    ['\ud83d', '\\xef\\xbf\\xbd'],
  ])('%j is shown as %s', (text, shown) => {
    expect(escapeControls(text)).toBe(shown);
  });
});

describe('figures', () => {
  it('are short', () => {
    expect([0, 0.004, 0.123, 0.4, 3.456, 12.34, 123.4, 1234, 123_456, undefined, null, NaN].map(formatNumber)).toEqual([
      '0', '<0.01', '0.12', '0.4', '3.5', '12.3', '123', '1,234', '123k', '–', '–', '–',
    ]);
    expect([0, 0.004, 0.0996, 0.5, 1].map(formatPercent)).toEqual(['0%', '0.4%', '10%', '50%', '100%']);
    expect([512, 1536, 20 * 1024 ** 2, 3 * 1024 ** 4].map(formatBytes)).toEqual(['512 B', '1.5 KiB', '20 MiB', '3.0 TiB']);
    expect([42_000, 192_000, 18_420_000, 1_051_200_000].map(formatDuration)).toEqual(['42s', '3m12s', '5h07m', '12d04h']);
  });

  it('say how long ago, and never the future', () => {
    const now = Date.UTC(2027, 0, 31, 12);
    const ago = (seconds: number) => formatAgo(new Date(now - seconds * 1000).toISOString(), now);
    expect([-60, 2, 30, 90, 7200, 200_000].map(ago)).toEqual(['just now', 'just now', '30 s ago', '1 min ago', '2 h ago', '2 d ago']);
    expect(formatAgo(undefined, now)).toBe('–');
  });
});

describe('the time axis', () => {
  const at = (...parts: [number, number, number, number, number, number?]) => new Date(...parts).getTime() / 1000;

  it('has the time of day, and the date where a day begins', () => {
    expect(timeMarks([at(2027, 0, 30, 23, 30), at(2027, 0, 31, 0, 0), at(2027, 0, 31, 0, 30)], 1800)).toEqual(['23:30', '01-31', '00:30']);
  });
  it('has seconds where they matter, and only dates where days are shown', () => {
    expect(timeMarks([at(2027, 0, 31, 9, 5, 30)], 30)).toEqual(['09:05:30']);
    expect(timeMarks([at(2027, 0, 31, 9, 5)], 86_400)).toEqual(['01-31']);
  });
});

describe('the life of a certificate', () => {
  const certificate = { not_before: '2027-01-01T00:00:00Z', not_after: '2027-01-31T00:00:00Z' };
  const on = (day: number) => lifeOf(certificate, Date.UTC(2027, 0, day));

  it('is judged by its share', () => {
    expect([2, 20, 22, 31, 40].map((day) => on(day).state)).toEqual(['valid', 'valid', 'expiring', 'expired', 'expired']);
    expect([1, 16, 31, 40].map((day) => on(day).left)).toEqual([1, 0.5, 0, 0]);
    expect(on(30).leftMs).toBe(86_400_000);
    expect(lifeOf({ ...certificate, revoked_at: '2027-01-02T00:00:00Z' }, Date.UTC(2027, 0, 5)).state).toBe('revoked');
    expect(lifeOf({ ...certificate, state: 'revoked' }, Date.UTC(2027, 0, 5)).state).toBe('revoked');
    expect(lifeOf({ not_before: '', not_after: '' }, 0).state).toBe('unknown');
  });

  it('is in use as long as the node shows that one', () => {
    const issued = (serial: string, day: number): IssuedCertificate => ({ ...certificate, name: 'web-1', role: 'worker', serial, not_before: `2027-01-0${day}T00:00:00Z` });
    const node: NodeEntry = { role: 'worker', status: 'alive', health: 'ok', certificate: { ...issued('b', 2), state: 'valid' } };
    // The last one was signed, but the node does not have it yet.
    expect([issued('a', 1), issued('b', 2), issued('c', 3)].map((one) => useOf(one, node))).toEqual(['superseded', 'in use', undefined]);
    expect(useOf(issued('a', 1), undefined)).toBeUndefined();
  });
});

describe('searching', () => {
  it('finds words in any order', () => {
    expect(matchesWords('web-1 worker alive', 'ALIVE web')).toBe(true);
    expect(matchesWords('web-1 worker alive', 'dead')).toBe(false);
  });
  it('ranks what begins with the word first', () => {
    expect(rank(['my-web', 'web-1', 'w-e-b', 'db'], (text) => text, 'web', 9)).toEqual(['web-1', 'my-web', 'w-e-b']);
    expect(score('abc', 'cab')).toBe(0);
  });
});

describe('rows in sight', () => {
  it('are those of the window and some around', () => {
    expect(rowsInSight(1000, 20, 2000, 400, 5)).toEqual({ from: 95, to: 125 });
    expect(rowsInSight(10, 20, 0, 400, 5)).toEqual({ from: 0, to: 10 });
    expect(rowsInSight(10, 20, 9000, 400, 5)).toEqual({ from: 10, to: 10 });
    expect(rowsInSight(0, 20, 0, 400)).toEqual({ from: 0, to: 0 });
  });
});
