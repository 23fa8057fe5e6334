// The filter of the log view: as the address has it, as a subscription wants it, and as /api/logs does.
import { kLevels, type Level, type LogRecord, type WireFilter } from './protocol';

export interface LogFilter {
  /** Globs with commas between them. */
  node: string;
  logger: string;
  /** This and above; empty for all. */
  level: Level | '';
  text: string;
  /** `text` is an RE2 expression. */
  isRegex: boolean;
}

type Params = Readonly<Record<string, string>>;

export function filterOf(params: Params): LogFilter {
  return {
    node: params.node ?? '',
    logger: params.logger ?? '',
    level: kLevels.find((level) => level === params.level) ?? '',
    text: params.regex || params.text || '',
    isRegex: params.regex !== undefined && params.regex !== '',
  };
}

/** As changes of the address's parameters. */
export function paramsOf(filter: LogFilter): Record<string, string> {
  return {
    node: filter.node,
    logger: filter.logger,
    level: filter.level,
    text: filter.isRegex ? '' : filter.text,
    regex: filter.isRegex ? filter.text : '',
  };
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function wireFilter(filter: LogFilter): WireFilter {
  const out: WireFilter = {};
  const nodes = list(filter.node);
  if (nodes.length > 0) out.nodes = nodes;
  if (filter.level && filter.level !== 'DEBUG') out.level = filter.level;
  const logger = list(filter.logger).join(',');
  if (logger) out.logger = logger;
  if (filter.text) out[filter.isRegex ? 'regex' : 'text'] = filter.text;
  return out;
}

/** The parameters of GET /api/logs for the same records. */
export function queryFilter(filter: LogFilter): Record<string, string> {
  const wire = wireFilter(filter);
  const out: Record<string, string> = {};
  if (wire.nodes) out.node_id = wire.nodes.join(',');
  if (wire.level) out.level = wire.level;
  if (wire.logger) out.logger_name = wire.logger;
  if (wire.text) out.text = wire.text;
  if (wire.regex) out.regex = wire.regex;
  return out;
}

export function isEmptyFilter(filter: LogFilter): boolean {
  return Object.keys(wireFilter(filter)).length === 0;
}

/** Pieces of a message, those that were searched for marked. An expression marks nothing: RegExp is not RE2, and may take as good as
 *  for ever on an expression that somebody put into an address. */
export function markMatches(message: string, filter: Pick<LogFilter, 'text' | 'isRegex'>): [text: string, isMatch: boolean][] {
  if (!filter.text || filter.isRegex || message.length > 4096) return [[message, false]];
  const pattern = new RegExp(filter.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu');
  const out: [string, boolean][] = [];
  let done = 0;
  for (const found of message.matchAll(pattern)) {
    if (found.index > done) out.push([message.slice(done, found.index), false]);
    out.push([found[0], true]);
    done = found.index + found[0].length;
  }
  if (done < message.length || out.length === 0) out.push([message.slice(done), false]);
  return out;
}

/** The line of p2p-logs, for copying. */
export function textLine(record: LogRecord): string {
  const attrs = record.attrs ? ` ${JSON.stringify(record.attrs)}` : '';
  return `${record.timestamp} ${record.node_id} ${record.level.padEnd(8)} ${record.logger_name}: ${record.message}${attrs}`;
}
