// The fleet as the page knows it, and how an update changes it. Entries that did not change stay the same objects, so that a
// view can tell by identity what to draw again.
import { count, formatNumber } from './format';
import { applyHistory, emptyHistory, type HistoryState } from './history';
import type { FleetEntry, LastError, NodeEntry, Update } from './protocol';

export interface FleetState {
  /** Of the last update; 0 before the first. */
  sequence: number;
  /** The coordinator's clock at the last update that told it, in milliseconds. */
  now: number;
  fleet: FleetEntry;
  nodes: ReadonlyMap<string, NodeEntry>;
  /** Sorted as people read names: web-2 before web-10. */
  ids: readonly string[];
  history: HistoryState;
}

export const kEmptyFleet: FleetState = {
  sequence: 0,
  now: 0,
  fleet: {},
  nodes: new Map(),
  ids: [],
  history: emptyHistory(),
};

const collator = new Intl.Collator('en', { numeric: true });
export const compareNames = collator.compare;

/** The state after an update, or 'gap' where an update before it is missing: the page then asks for a whole one. */
export function applyUpdate(state: FleetState, update: Update): FleetState | 'gap' {
  const { metrics, history } = update.data;
  if (!update.whole && (state.sequence === 0 || update.base !== state.sequence)) return 'gap';
  const before = update.whole ? kEmptyFleet : state;
  let { nodes, ids } = before;
  const changed = metrics?.nodes ? Object.entries(metrics.nodes) : [];
  const removed = metrics?.removed ?? [];
  if (changed.length > 0 || removed.length > 0) {
    const next = new Map(nodes);
    for (const id of removed) next.delete(id);
    for (const [id, entry] of changed) next.set(id, entry);
    const isSameSet = next.size === nodes.size && removed.length === 0 && changed.every(([id]) => nodes.has(id));
    nodes = next;
    if (!isSameSet) ids = [...next.keys()].sort(compareNames);
  }
  return {
    sequence: update.sequence,
    now: metrics?.now ? Date.parse(metrics.now) || state.now : state.now,
    fleet: metrics?.fleet ?? before.fleet,
    nodes,
    ids,
    history: history ? applyHistory(before.history, history, nodes) : before.history,
  };
}

export interface HealthCounts {
  ok: number;
  warning: number;
  failing: number;
  left: number;
}
/** Several views ask for the same. */
let counted: { nodes: ReadonlyMap<string, NodeEntry>; counts: HealthCounts } | undefined;

/** How many nodes have each health; a node that left is none of them. */
export function countHealth(nodes: ReadonlyMap<string, NodeEntry>): HealthCounts {
  if (counted?.nodes === nodes) return counted.counts;
  const counts = { ok: 0, warning: 0, failing: 0, left: 0 };
  for (const node of nodes.values()) counts[node.status === 'left' ? 'left' : node.health]++;
  counted = { nodes, counts };
  return counts;
}

/** `1 of 3 nodes is well.` */
export function wellText({ ok, warning, failing }: HealthCounts): string {
  const total = ok + warning + failing;
  return `${formatNumber(ok)} of ${count(total, 'node')} ${ok === 1 || total === 1 ? 'is' : 'are'} well.`;
}

/** A problem without the word that stands beside the node's name: `suspected: nothing is heard of it`. */
export function withoutWord(problem: string, node: NodeEntry): string {
  return problem.startsWith(`${node.status}: `) ? problem.slice(node.status.length + 2) : problem;
}

/** A line of the log as it still holds: what it said would come, `; it starts again in 26s`, is long past when somebody reads it. */
export function lastingText({ logger_name, message }: Pick<LastError, 'logger_name' | 'message'>, most: number): string {
  return `${logger_name}: ${message.replace(/; it starts again in [^;]*$/, '').slice(0, most)}`;
}

/** Failing nodes first, then warnings; those that are well are left out. */
export function troubledNodes(state: FleetState): [string, NodeEntry][] {
  const rank = { failing: 0, warning: 1, ok: 2 };
  return state.ids
    .map((id): [string, NodeEntry] => [id, state.nodes.get(id)!])
    .filter(([, node]) => node.status !== 'left' && node.health !== 'ok')
    .sort((a, b) => rank[a[1].health] - rank[b[1].health]);
}
