// The log book's dealings with the coordinator: subscribing, going on after a reconnect, history, gaps, jumps.
import { newerLogs, olderLogs, type LogPage } from '../net/logs';
import { LogBook, isOfTime, kGapPage, type GapRow } from '../state/log_book';
import { filterOf, queryFilter, wireFilter, type LogFilter } from '../state/log_filter';
import type { Gap, LogsFailed, NewLogs } from '../state/protocol';
import { Store } from './store';

const kFirstLines = 300;
const kPageLines = 500;
/** Shown before a place that is jumped to. */
const kLinesBefore = 100;

export class LogFeed {
  readonly book = new LogBook();
  /** Counts changes of the book, for views to follow. */
  readonly version = new Store(0);
  /** A row that the view should bring into sight, by its cursor. */
  readonly target = new Store<string | undefined>(undefined);
  /** The view shows the newest line; what is over the ring's size may then leave at its beginning. */
  isFollowing = true;
  private filter: LogFilter = filterOf({});
  private isWanted = false;

  constructor(private readonly send: (message: object) => void) {}

  /** Starts anew with a filter; `at` is a cursor or a time to show, empty for the newest lines. */
  open(filter: LogFilter, at: string): void {
    this.filter = filter;
    this.isWanted = true;
    this.book.reset();
    this.target.set(undefined);
    this.isFollowing = at === '';
    if (at === '') this.subscribe();
    else void this.openAt(at);
    this.changed();
  }

  /** Nobody looks at the logs any more. */
  close(): void {
    this.isWanted = false;
    this.book.reset();
    this.send({ type: 'logs_stop' });
    this.changed();
  }

  /** After a new connection: goes on where the last one ended. */
  resume(): void {
    if (this.isWanted && this.book.isLive) this.subscribe();
  }

  receive(message: NewLogs | Gap | LogsFailed): void {
    if (message.type === 'new_logs') {
      if (this.book.receive(message, this.isFollowing) === 'stop') this.send({ type: 'logs_stop' });
    } else if (message.type === 'gap') {
      this.book.receiveGap(message);
    } else {
      this.book.fail(message.id, message.reason);
    }
    this.changed();
  }

  async loadOlder(): Promise<void> {
    const { book } = this;
    if (book.older !== 'more' || !book.hasBegun || book.rows.length === 0) return;
    const id = book.id;
    book.older = 'loading';
    this.changed();
    try {
      const page = await olderLogs(queryFilter(this.filter), book.firstCursor, kPageLines);
      if (book.id !== id) return;
      const wasLive = book.isLive;
      book.prepend(page.logs, page.more);
      if (wasLive && !book.isLive) this.send({ type: 'logs_stop' });
    } catch {
      if (book.id === id) book.older = 'failed';
    }
    this.changed();
  }

  async loadNewer(): Promise<void> {
    const { book } = this;
    if (book.isLive || book.newer !== 'more') return;
    const id = book.id;
    book.newer = 'loading';
    this.changed();
    try {
      const page = await newerLogs(queryFilter(this.filter), { cursor: book.cursor }, kPageLines);
      if (book.id !== id) return;
      book.append(page.logs, page.cursor, page.more);
      if (book.isLive) this.subscribe();
    } catch {
      if (book.id === id) book.newer = 'failed';
    }
    this.changed();
  }

  retryEdges(): void {
    if (this.book.older === 'failed') this.book.older = 'more';
    if (this.book.newer === 'failed') this.book.newer = 'more';
    this.changed();
  }

  async loadGap(gap: GapRow): Promise<void> {
    const { book } = this;
    const id = book.id;
    const row = book.setGapState(gap, 'loading');
    this.changed();
    try {
      const page = await newerLogs(queryFilter(this.filter), { cursor: row.after }, kGapPage);
      if (book.id === id) book.fillGap(row, page.logs, page.more);
    } catch {
      if (book.id === id) book.setGapState(row, 'failed');
    }
    this.changed();
  }

  private subscribe(): void {
    const { book } = this;
    const from = book.cursor ? { cursor: book.cursor } : { last: kFirstLines };
    this.send({ type: 'logs', id: book.id, filter: wireFilter(this.filter), ...from });
  }

  /** A cursor shows its record with what was before and after it; a time what came then, or the nearest there is. */
  private async openAt(at: string): Promise<void> {
    const { book } = this;
    const id = book.id;
    try {
      const isTime = /^\d{4}-\d\d-\d\dT/.test(at);
      const [before, after] = isTime ? await this.aroundTime(at) : await this.aroundRecord(at);
      if (book.id !== id) return;
      book.placeAt([...before.logs, ...after.logs], before.more);
      if (isTime && !isOfTime(at, after.logs[0])) book.emptyTime = at;
      // Where nothing came after, what is stored meanwhile follows the last line that is here.
      if (after.logs.length > 0 || !book.cursor) book.cursor = after.cursor || book.cursor;
      if (!after.more) {
        book.newer = 'none';
        book.isLive = true;
        this.subscribe();
      }
      this.target.set(isTime ? (after.logs[0] ?? before.logs.at(-1))?.cursor : at);
    } catch (error) {
      book.fail(id, `The lines of that place cannot be shown: ${(error as Error).message}.`);
    }
    this.changed();
  }

  /** A page that begins at a record is the one after the record before it. */
  private async aroundRecord(cursor: string): Promise<[LogPage, LogPage]> {
    const filter = queryFilter(this.filter);
    const before = await olderLogs(filter, cursor, kLinesBefore);
    const last = before.logs.at(-1);
    return [before, await newerLogs(filter, last ? { cursor: last.cursor } : { since: '1970-01-01T00:00:00Z' }, kPageLines)];
  }

  private async aroundTime(since: string): Promise<[LogPage, LogPage]> {
    const filter = queryFilter(this.filter);
    const after = await newerLogs(filter, { since }, kPageLines);
    return [await olderLogs(filter, after.logs[0]?.cursor, kLinesBefore), after];
  }

  private changed(): void {
    this.version.set(this.version.get() + 1);
  }
}
