import { describe, expect, it } from 'vitest';
import { LogBook, cursorNumber, isGap, isOfTime, type GapRow } from '../src/state/log_book';
import type { LogRecord, NewLogs } from '../src/state/protocol';

const record = (number: number): LogRecord => ({
  timestamp: '2027-01-31T12:00:00Z', node_id: 'web-1', level: 'INFO', logger_name: 'Test', message: `line ${number}`, cursor: `0123456789abcdef-${number}`,
});
const records = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => record(from + i));
const cursor = (number: number) => record(number).cursor;
const logs = (book: LogBook, from: number, to: number): NewLogs => ({ type: 'new_logs', id: book.id, logs: records(from, to), cursor: cursor(to) });
const shown = (book: LogBook) =>
  book.rows.slice(book.rows.begin, book.rows.end).map((row) => (isGap(row) ? `gap ${row.skipped}` : Number(row.cursor.split('-')[1])));
const gapIn = (book: LogBook) => book.rows.slice(book.rows.begin, book.rows.end).find(isGap) as GapRow;

describe('the log book', () => {
  it('goes on after a reconnect where it ended', () => {
    const book = new LogBook();
    book.reset();
    book.receive(logs(book, 1, 5), true);
    expect(book.cursor).toBe(cursor(5));
    book.receive(logs(book, 6, 7), true);
    expect(shown(book)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('drops lines of an earlier filter', () => {
    const book = new LogBook();
    book.reset();
    const late = logs(book, 1, 5);
    book.reset();
    book.receive(late, true);
    expect(shown(book)).toEqual([]);
  });

  it('shows and counts what was skipped, and goes on after it', () => {
    const book = new LogBook();
    book.reset();
    book.receive(logs(book, 1, 2), true);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(2), before: cursor(5) });
    book.receive(logs(book, 6, 7), true);
    expect(shown(book)).toEqual([1, 2, 'gap 3', 6, 7]);
    expect([book.received, book.skipped]).toEqual([4, 3]);
  });

  it('fills a gap up to what is there', () => {
    const book = new LogBook();
    book.reset();
    book.receive(logs(book, 1, 2), true);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(2), before: cursor(5) });
    book.receive(logs(book, 6, 7), true);
    book.fillGap(gapIn(book), records(3, 9), true);
    expect(shown(book)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('leaves a smaller gap where a page was not enough', () => {
    const book = new LogBook();
    book.reset();
    book.receive(logs(book, 1, 2), true);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 6, after: cursor(2), before: cursor(8) });
    book.receive(logs(book, 9, 9), true);
    book.fillGap(gapIn(book), records(3, 5), true);
    expect(shown(book)).toEqual([1, 2, 3, 4, 5, 'gap 3', 9]);
    expect(gapIn(book).after).toBe(cursor(5));
    book.fillGap(gapIn(book), records(6, 9), false);
    expect(shown(book)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('drops the oldest while the newest are looked at', () => {
    const book = new LogBook(4);
    book.reset();
    book.prepend(records(1, 1), false);
    book.receive(logs(book, 2, 6), true);
    expect(shown(book)).toEqual([3, 4, 5, 6]);
    expect(book.older).toBe('more');
  });

  it('stops when full while somebody reads, and loses no line', () => {
    const book = new LogBook(4);
    book.reset();
    book.receive(logs(book, 1, 3), false);
    expect(book.receive(logs(book, 4, 6), false)).toBe('stop');
    expect(shown(book)).toEqual([1, 2, 3, 4]);
    expect([book.isLive, book.newer, book.cursor]).toEqual([false, 'more', cursor(4)]);
    book.append(records(5, 6), cursor(6), false);
    expect(shown(book)).toEqual([3, 4, 5, 6]);
    expect(book.isLive).toBe(true);
  });

  it('loads older lines, and is no longer live when they push out the newest', () => {
    const book = new LogBook(5);
    book.reset();
    book.receive(logs(book, 10, 13), false);
    expect(book.firstCursor).toBe(cursor(10));
    book.prepend(records(7, 9), true);
    expect(shown(book)).toEqual([7, 8, 9, 10, 11]);
    expect([book.isLive, book.cursor, book.older]).toEqual([false, cursor(11), 'more']);
  });

  // /api/logs answers the lines before a cursor, that one not among them (libcommon/logs/store_query.cpp).
  it('loads what is older than a gap together with the line that the gap follows', () => {
    const book = new LogBook(4);
    book.reset();
    book.receive(logs(book, 1, 2), true);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(2), before: cursor(5) });
    book.receive(logs(book, 6, 8), true);
    expect(shown(book)).toEqual(['gap 3', 6, 7, 8]);
    const stored = records(1, 8);
    const older = stored.filter((line) => cursorNumber(line.cursor) < cursorNumber(book.firstCursor!));
    expect(older.map((line) => line.message)).toEqual(['line 1', 'line 2']);
  });

  it('knows of older lines when a gap pushed them out', () => {
    const book = new LogBook(3);
    book.reset();
    book.prepend(records(1, 3), false);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(3), before: cursor(6) });
    expect(shown(book)).toEqual([2, 3, 'gap 3']);
    expect(book.older).toBe('more');
  });

  it('knows of older lines when those of a gap pushed them out', () => {
    const book = new LogBook(4);
    book.reset();
    book.prepend(records(1, 2), false);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(2), before: cursor(5) });
    book.fillGap(gapIn(book), records(3, 5), false);
    expect(shown(book)).toEqual([2, 3, 4, 5]);
    expect(book.older).toBe('more');
  });

  it('goes on after a gap at its end, whose lines stay missing', () => {
    const book = new LogBook(3);
    book.reset();
    book.receive(logs(book, 10, 10), true);
    book.receiveGap({ type: 'gap', id: book.id, skipped: 3, after: cursor(10), before: cursor(13) });
    book.receive(logs(book, 14, 14), true);
    book.prepend(records(9, 9), true);
    expect(shown(book)).toEqual([9, 10, 'gap 3']);
    expect(book.cursor).toBe(cursor(13));
  });
});

describe('a time that is jumped to', () => {
  const at = '2027-01-31T12:00:00Z';
  const first = (timestamp: string): LogRecord => ({ ...record(1), timestamp });

  it('is there when a line came within the minute', () => {
    expect(isOfTime(at, first('2027-01-31T12:00:59.999Z'))).toBe(true);
    expect(isOfTime(at, first('2027-01-31T12:01:00.001Z'))).toBe(false);
    expect(isOfTime(at, undefined)).toBe(false);
  });

  it('is forgotten with the place', () => {
    const book = new LogBook();
    book.emptyTime = at;
    book.reset();
    expect(book.emptyTime).toBe('');
  });
});
