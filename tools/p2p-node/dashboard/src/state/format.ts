// Figures for people, in the words of the command-line tools. What is not known is a dash.

export const kUnknown = '–';
const grouped = new Intl.NumberFormat('en');

/** A small figure has two digits that tell something. */
function digits(value: number): number {
  return value >= 100 ? 0 : value >= 1 ? 1 : 2;
}

/** 0, <0.01, 0.25, 3.5, 12.3, 1,204; short enough for a table. What happens seldom is never shown as nothing. */
export function formatNumber(value: number | null | undefined): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return kUnknown;
  if (Math.abs(value) >= 100_000) return `${(value / 1000).toFixed(0)}k`;
  if (value > 0 && value < 0.01) return '<0.01';
  if (Math.abs(value) >= 1000) return grouped.format(Math.round(value));
  return String(Number(value.toFixed(digits(Math.abs(value)))));
}

export function formatPercent(share: number | null | undefined): string {
  if (share === undefined || share === null || !Number.isFinite(share)) return kUnknown;
  const percent = share * 100;
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)}%`;
}

export function formatMs(ms: number | null | undefined): string {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return kUnknown;
  return ms >= 1000 ? `${formatNumber(ms / 1000)} s` : `${formatNumber(ms)} ms`;
}

/** 512 B, 1.5 KiB, 20 MiB. */
export function formatBytes(count: number | null | undefined): string {
  if (count === undefined || count === null || !Number.isFinite(count)) return kUnknown;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${value >= 10 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** 42s, 3m12s, 5h07m, 12d04h: two units at most. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** How long ago, in one unit; the clocks of nodes differ, so nothing is in the future. */
export function formatAgo(time: string | undefined, now: number): string {
  const at = time === undefined ? NaN : Date.parse(time);
  if (!Number.isFinite(at) || now === 0) return kUnknown;
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** The time of day here, with milliseconds: 14:02:07.318. */
export function formatClock(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export function formatDate(time: string | number | undefined): string {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return kUnknown;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function formatDateTime(time: string | number | undefined): string {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return kUnknown;
  return `${formatDate(time)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "1 node", "3 nodes". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped.format(number)} ${number === 1 ? one : many}`;
}
