// The last minutes of each figure, one point a step, fed by updates. Points stay aligned: all series of a group have the same
// length and end at the same time.
import type { History, NodeEntry, Points } from './protocol';

export type Series = Readonly<Record<string, Points>>;
export interface HistoryState {
  /** Seconds between two points of the fleet's series, and of the nodes'. */
  step: number;
  nodeStep: number;
  /** Seconds since 1970 of the last point. */
  end: number;
  fleet: Series;
  nodes: ReadonlyMap<string, Series>;
}

/** So many points the page keeps: 15 minutes of seconds, and of a node 15 minutes of 15 seconds. */
export const kFleetPoints = 900;
export const kNodePoints = 60;
const kNodeStep = 15;

export function emptyHistory(): HistoryState {
  return { step: 1, nodeStep: kNodeStep, end: 0, fleet: {}, nodes: new Map() };
}

function last(points: Points, count: number): Points {
  return points.length > count ? points.slice(points.length - count) : points;
}

/** A point `missed` steps after the last one; what lies between is not known. Values of a whole history replace all. */
function append(points: Points, value: Points | number | null, missed: number, limit: number): Points {
  if (Array.isArray(value)) return last(value, limit);
  const next = points.slice(Math.max(0, points.length + missed + 1 - limit));
  for (let i = 0; i < missed; ++i) next.push(null);
  next.push(value);
  return next;
}

function appendAll(before: Series, newest: Record<string, Points | number | null>, missed: number, limit: number): Series {
  const out: Record<string, Points> = {};
  const length = Math.max(0, ...Object.values(before).map((points) => points.length));
  for (const name of new Set([...Object.keys(before), ...Object.keys(newest)])) {
    const points = before[name] ?? new Array<number | null>(length).fill(null);
    out[name] = append(points, newest[name] ?? null, missed, limit);
  }
  return out;
}

export function applyHistory(state: HistoryState, history: History, known: ReadonlyMap<string, NodeEntry>): HistoryState {
  const step = history.step ?? state.step;
  const isWhole = history.step !== undefined;
  const steps = Math.round((history.end - state.end) / step);
  // The coordinator's clock may go back; then the series go on as if a step had passed.
  const missed = isWhole ? 0 : Math.min(Math.max(steps - 1, 0), kFleetPoints);
  let fleet = isWhole ? {} : state.fleet;
  if (history.fleet && (isWhole || steps !== 0)) fleet = appendAll(fleet, history.fleet, missed, kFleetPoints);
  let { nodes } = state;
  if (history.nodes || isWhole) {
    const next = new Map<string, Series>();
    // A node that said nothing has no point: its series go on with a hole.
    for (const id of known.keys()) {
      const before = isWhole ? undefined : nodes.get(id);
      const newest = history.nodes?.[id];
      if (before || newest) next.set(id, appendAll(before ?? {}, newest ?? {}, 0, kNodePoints));
    }
    nodes = next;
  }
  return { step, nodeStep: state.nodeStep, end: history.fleet ? history.end : state.end, fleet, nodes };
}

/** The seconds since 1970 of `count` points that end at `end`, as uPlot wants its x values. */
export function timesOf(end: number, step: number, count: number): number[] {
  const out = new Array<number>(count);
  for (let i = 0; i < count; ++i) out[i] = end - (count - 1 - i) * step;
  return out;
}
