// The services of the fleet, gathered from the entries of its nodes.
import { compareNames } from './fleet';
import { formatPercent } from './format';
import type { FailingMethod, NodeEntry, NodeStatus, ServiceEntry } from './protocol';

export interface Place {
  node: string;
  /** Something can be asked of it. */
  isReachable: boolean;
  /** What is told of the service is news. What a dead or suspected node said last is not. */
  isKnown: boolean;
  service: ServiceEntry;
}
export interface FleetService {
  name: string;
  places: Place[];
  versions: string[];
  /** Of the places that are known, as are the worst and why. */
  restarts: number;
  callsPerSecond: number | undefined;
  worst: ServiceHealth;
  /** How many are as the worst is: "2 of 3 running, 1 unknown". */
  words: string;
  /** Of the first place that has one: `worker-2: exited with status 1: …`. */
  why: string;
}
export type ServiceHealth = 'ok' | 'warning' | 'failing' | 'off' | 'unknown';

export function serviceHealth(service: ServiceEntry): ServiceHealth {
  switch (service.state) {
    case 'running':
      return service.failing?.length ? 'warning' : 'ok';
    case 'starting':
      return 'warning';
    case 'stopped':
      return 'off';
    default:
      return 'failing'; // degraded, failed, error
  }
}

export const kServiceRank: Record<ServiceHealth, number> = { failing: 0, warning: 1, ok: 2, off: 3, unknown: 4 };

export function isReachable(status: NodeStatus): boolean {
  return status === 'alive' || status === 'suspected';
}

function healthAt(place: Place): ServiceHealth {
  return place.isKnown ? serviceHealth(place.service) : 'unknown';
}

function failingText({ method, share, error }: FailingMethod): string {
  return `${method} fails in ${formatPercent(share)} of its calls${error ? `: ${error}` : ''}`;
}

/** A sentence each: why it does not run, and which of its methods fail. */
export function troublesOf(service: ServiceEntry): string[] {
  return [...(service.error ? [service.error] : []), ...(service.failing ?? []).map(failingText)];
}

function wordsOf(places: readonly Place[], worst: ServiceHealth): string {
  const unknown = places.filter((place) => !place.isKnown).length;
  if (worst === 'unknown') return 'unknown';
  const alike = places.filter((place) => healthAt(place) === worst);
  const word = alike[0]!.service.state;
  if (alike.length === places.length) return word;
  return `${alike.length} of ${places.length} ${word}${unknown > 0 ? `, ${unknown} unknown` : ''}`;
}

/** By name; within one, those in trouble first. A node that left runs none. */
export function fleetServices(ids: readonly string[], nodes: ReadonlyMap<string, NodeEntry>): FleetService[] {
  const found = new Map<string, FleetService>();
  for (const id of ids) {
    const node = nodes.get(id)!;
    if (node.status === 'left') continue;
    for (const [name, service] of Object.entries(node.services ?? {})) {
      let one = found.get(name);
      if (!one) found.set(name, (one = { name, places: [], versions: [], restarts: 0, callsPerSecond: undefined, worst: 'unknown', words: '', why: '' }));
      const place = { node: id, isReachable: isReachable(node.status), isKnown: node.status === 'alive', service };
      one.places.push(place);
      if (service.version && !one.versions.includes(service.version)) one.versions.push(service.version);
      if (!place.isKnown) continue;
      one.restarts += service.restarts ?? 0;
      if (service.calls_per_second !== undefined) one.callsPerSecond = (one.callsPerSecond ?? 0) + service.calls_per_second;
      const health = serviceHealth(service);
      if (kServiceRank[health] < kServiceRank[one.worst]) one.worst = health;
    }
  }
  for (const one of found.values()) {
    one.places.sort((a, b) => kServiceRank[healthAt(a)] - kServiceRank[healthAt(b)]);
    one.words = wordsOf(one.places, one.worst);
    const troubled = one.places.find((place) => place.isKnown && troublesOf(place.service).length > 0);
    if (troubled) one.why = `${troubled.node}: ${troublesOf(troubled.service)[0]}`;
  }
  return [...found.values()].sort((a, b) => compareNames(a.name, b.name));
}
