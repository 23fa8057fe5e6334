// Pages of stored log records.
import type { LogRecord } from '../state/protocol';
import { getJson } from './http';

export interface LogPage {
  logs: LogRecord[];
  cursor: string;
  more: boolean;
}

type Query = Readonly<Record<string, string>>;

/** Records before a cursor, oldest first; without a cursor the newest ones. */
export async function olderLogs(filter: Query, cursor: string | undefined, limit: number): Promise<LogPage> {
  const query: Record<string, string> = { ...filter, order: 'desc', limit: String(limit) };
  if (cursor) query.cursor = cursor;
  const page = await getJson<LogPage>('api/logs', query);
  return { ...page, logs: page.logs.reverse() };
}

/** Records after a cursor, or of a time and later. */
export async function newerLogs(filter: Query, from: { cursor?: string; since?: string }, limit: number): Promise<LogPage> {
  return getJson<LogPage>('api/logs', { ...filter, ...from, order: 'asc', limit: String(limit) });
}

export async function logSources(): Promise<{ nodes: string[]; loggers: string[] }> {
  return getJson('api/logs/sources');
}
