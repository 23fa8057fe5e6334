// Where the page is, as the fragment of its address says it: `#/logs?level=ERROR&node=web-1`. A fragment reaches no server, so
// that no log there has it, and a reload or a link sent to a colleague shows the same.

export const kTabs = ['overview', 'nodes', 'services', 'logs', 'certificates'] as const;
export type Tab = (typeof kTabs)[number];

export interface Route {
  tab: Tab;
  /** The node or service whose details are open. */
  item?: string;
  /** Filters; one that is empty is left out. */
  params: Readonly<Record<string, string>>;
}

/** So many characters of a value are taken, and so many values; an address may come from anybody. */
const kMaxValue = 512;
const kMaxParams = 20;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is not understood becomes the overview; the rest of it stays. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  const mark = text.indexOf('?');
  const [tab, item] = (mark < 0 ? text : text.slice(0, mark)).split('/').map(decode);
  const params: Record<string, string> = Object.create(null);
  if (mark >= 0) {
    let count = 0;
    for (const [name, value] of new URLSearchParams(text.slice(mark + 1))) {
      if (value !== '' && ++count <= kMaxParams) params[name] = value.slice(0, kMaxValue);
    }
  }
  const known = kTabs.find((one) => one === tab) ?? 'overview';
  return item ? { tab: known, item: item.slice(0, kMaxValue), params } : { tab: known, params };
}

export function formatRoute(route: Route): string {
  const path = route.item ? `#/${route.tab}/${encodeURIComponent(route.item)}` : `#/${route.tab}`;
  const names = Object.keys(route.params).filter((name) => route.params[name]);
  if (names.length === 0) return path;
  const query = new URLSearchParams();
  for (const name of names.sort()) query.set(name, route.params[name]!);
  return `${path}?${query.toString()}`;
}

/** The route with some filters changed; an empty value takes one away. */
export function withParams(route: Route, changes: Readonly<Record<string, string>>): Route {
  return { ...route, params: { ...route.params, ...changes } };
}

export function link(tab: Tab, item?: string, params: Readonly<Record<string, string>> = {}): string {
  return formatRoute({ tab, item, params });
}

/** The single-use token of `#t=…`, by which `p2p-ctl dashboard --print` signs in. */
export function tokenIn(hash: string): string | undefined {
  const found = /^#t=([A-Za-z0-9._~-]{1,512})$/.exec(hash);
  return found?.[1];
}
