// The lines of the log view: a ring of 50,000, fed live by a subscription, backwards and from a chosen time by /api/logs. What is
// missing between two lines is a gap, which says how many there are and can be loaded. What a method returns is for the caller to
// do; the book itself talks to nobody.
import type { Gap, LogRecord, NewLogs } from './protocol';
import { Ring } from './ring';

export const kMaxRows = 50_000;
/** A gap is filled by so many lines a click. */
export const kGapPage = 1000;

/** Lines after `after` up to and including `before`. */
export interface GapRow {
  skipped: number;
  after: string;
  before: string;
  state: 'idle' | 'loading' | 'failed';
}
export type LogRow = LogRecord | GapRow;

export function isGap(row: LogRow): row is GapRow {
  return 'skipped' in row;
}

/** Lines that are no further away than this are of the time that was asked for: people type whole minutes. */
const kSameTimeMs = 60_000;

/** Whether the first line at or after a time is of that time, as a person understands it. */
export function isOfTime(at: string, first: LogRecord | undefined): boolean {
  return first !== undefined && Date.parse(first.timestamp) - Date.parse(at) <= kSameTimeMs;
}

/** The place of a record among those of its store: cursors are STORE-NUMBER, and numbers grow. */
export function cursorNumber(cursor: string): number {
  return Number(cursor.slice(cursor.lastIndexOf('-') + 1));
}

function nextCursor(cursor: string): string {
  return cursor.replace(/\d+$/, (number) => String(Number(number) + 1));
}

/** What is beyond the first or last line: more that can be loaded, or nothing. */
export type Edge = 'more' | 'loading' | 'failed' | 'none';

export class LogBook {
  readonly rows: Ring<LogRow>;
  /** Of the subscription; messages of an earlier one are dropped. */
  id = 0;
  /** Newer lines come by themselves. False after a jump to a time, or when the view stood still until the ring was full. */
  isLive = true;
  /** Where a subscription goes on; of the last line that is here or was passed over. */
  cursor: string | undefined;
  older: Edge = 'more';
  newer: Edge = 'none';
  /** Lines received live, and lines that the coordinator counted instead of sending. */
  received = 0;
  skipped = 0;
  /** Why the subscription failed, if it did. */
  failure = '';
  /** The first answer has come. */
  hasBegun = false;
  /** The time that was asked for and at which nothing was logged; empty otherwise. The nearest lines are shown. */
  emptyTime = '';

  constructor(capacity = kMaxRows) {
    this.rows = new Ring<LogRow>(capacity);
  }

  /** Empties the book for another filter or place. */
  reset(): void {
    this.rows.clear();
    ++this.id;
    this.isLive = true;
    this.cursor = undefined;
    this.older = 'more';
    this.newer = 'none';
    this.failure = '';
    this.hasBegun = false;
    this.emptyTime = '';
  }

  /** Lines of the subscription. `isFollowing`: the view shows the newest, so that the oldest may go; else 'stop' is returned
   *  when the ring is full, and the subscription is to be ended. */
  receive(message: NewLogs, isFollowing: boolean): 'ok' | 'stop' {
    if (message.id !== this.id || !this.isLive) return 'ok';
    this.hasBegun = true;
    const room = this.rows.capacity - this.rows.length;
    if (!isFollowing && message.logs.length > room) {
      const fitting = message.logs.slice(0, room);
      this.rows.push(fitting);
      this.received += fitting.length;
      if (fitting.length > 0) this.cursor = fitting[fitting.length - 1]!.cursor;
      this.isLive = false;
      this.newer = 'more';
      return 'stop';
    }
    this.push(message.logs);
    this.received += message.logs.length;
    this.cursor = message.cursor;
    return 'ok';
  }

  receiveGap(gap: Gap): void {
    if (gap.id !== this.id || !this.isLive) return;
    this.skipped += gap.skipped;
    this.cursor = gap.before || this.cursor;
    this.push([{ skipped: gap.skipped, after: gap.after, before: gap.before, state: 'idle' }]);
  }

  fail(id: number, reason: string): void {
    if (id === this.id) {
      this.failure = reason;
      this.hasBegun = true;
    }
  }

  /** The cursor before which older lines are asked for; undefined while there is none to start at. */
  get firstCursor(): string | undefined {
    const row = this.rows.at(this.rows.begin);
    return row && isGap(row) ? nextCursor(row.after) : row?.cursor;
  }

  /** Older lines, oldest first. */
  prepend(records: readonly LogRecord[], hasMore: boolean): void {
    const dropped = this.rows.unshift(records);
    this.older = hasMore ? 'more' : 'none';
    if (dropped === 0) return;
    this.isLive = false;
    this.newer = 'more';
    const last = this.rows.at(this.rows.end - 1);
    if (last) this.cursor = isGap(last) ? last.before : last.cursor;
  }

  /** Newer lines while not live, oldest first. Without more of them the book is live again from `cursor` on. */
  append(records: readonly LogRecord[], cursor: string, hasMore: boolean): void {
    this.push(records);
    if (cursor) this.cursor = cursor;
    this.newer = hasMore ? 'more' : 'none';
    this.isLive = !hasMore;
  }

  /** The book shows lines around a place in the past. */
  placeAt(records: readonly LogRecord[], hasOlder: boolean): void {
    this.rows.push(records);
    this.hasBegun = true;
    this.isLive = false;
    this.older = hasOlder ? 'more' : 'none';
    this.newer = 'more';
    this.cursor = records[records.length - 1]?.cursor;
  }

  /** Puts lines, as they follow `gap.after`, in the place of a gap. Those past `gap.before` are here already; if that was not
   *  reached, what is still missing stays a smaller gap. */
  fillGap(gap: GapRow, records: readonly LogRecord[], hasMore: boolean): void {
    const number = this.find(gap);
    if (number === undefined) return;
    const end = cursorNumber(gap.before);
    const taken = records.filter((record) => cursorNumber(record.cursor) <= end);
    const isDone = taken.length < records.length || !hasMore || taken.length === 0;
    const left = Math.max(1, gap.skipped - taken.length);
    const rest: LogRow[] = isDone
      ? []
      : [{ skipped: left, after: taken[taken.length - 1]!.cursor, before: gap.before, state: 'idle' }];
    if (this.rows.replace(number, [...taken, ...rest]) > 0) this.older = 'more';
  }

  setGapState(gap: GapRow, state: GapRow['state']): GapRow {
    const number = this.find(gap);
    const next = { ...gap, state };
    if (number !== undefined) this.rows.set(number, next);
    return next;
  }

  private push(rows: readonly LogRow[]): void {
    if (this.rows.push(rows) > 0) this.older = 'more';
  }

  private find(gap: GapRow): number | undefined {
    for (let i = this.rows.end - 1; i >= this.rows.begin; --i) if (this.rows.at(i) === gap) return i;
    return undefined;
  }
}
