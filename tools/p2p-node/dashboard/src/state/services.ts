// The services of the fleet, gathered from the entries of its nodes.
import { compareNames } from './fleet';
import type { FailingMethod, NodeEntry, NodeStatus, ServiceEntry } from './protocol';
import { link } from './route';

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
  /** How many are in the state of the worst, and what else is wrong: "2 of 3 running, 1 unknown". */
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

/** In steps, as the coordinator says it of the node (libcommon/dashboard/judgement.cpp). */
function partThatFails(share: number): string {
  if (share >= 0.99) return 'all of its calls fail';
  return `${share >= 0.5 ? 'half' : share >= 0.25 ? 'a quarter' : 'a tenth'} of its calls fail, or more`;
}

function failingText({ method, share, error }: FailingMethod): string {
  return `${method}: ${partThatFails(share)}${error ? `; last: ${error}` : ''}`;
}

/** To what services of a node print, which is stored as INFO, and what the node logged of them: there is something of it in any case. */
export function serviceLogs(node: string, names: readonly string[]): string {
  return link('logs', undefined, { node, logger: [...names.map((name) => `Service.${name}`), 'Services'].join() });
}

/** Where failed calls are looked into: services whose methods fail; where it is none of those, nodes by how many of theirs do. */
export function whereCallsFail(nodes: ReadonlyMap<string, NodeEntry>): string {
  const isOfService = [...nodes.values()].some((node) => Object.values(node.services ?? {}).some((service) => service.failing?.length));
  return isOfService ? link('services', undefined, { state: 'trouble' }) : link('nodes', undefined, { sort: '-errors' });
}

/** A sentence each: why it does not run, and which of its methods fail. */
export function troublesOf(service: ServiceEntry): string[] {
  return [...(service.error ? [service.error] : []), ...(service.failing ?? []).map(failingText)];
}

/** `places` begin with the worst. */
function wordsOf(places: readonly Place[]): string {
  const counts = new Map<string, number>();
  for (const { isKnown, service } of places) {
    const word = isKnown ? service.state : 'unknown';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const [[word, number], ...others] = [...counts] as [[string, number], ...[string, number][]];
  const wrong = others.filter(([other]) => other !== 'running' && other !== 'stopped');
  return others.length === 0 ? word : [`${number} of ${places.length} ${word}`, ...wrong.map(([other, more]) => `${more} ${other}`)].join(', ');
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
    one.words = wordsOf(one.places);
    const troubled = one.places.find((place) => place.isKnown && troublesOf(place.service).length > 0);
    if (troubled) one.why = `${troubled.node}: ${troublesOf(troubled.service)[0]}`;
  }
  return [...found.values()].sort((a, b) => compareNames(a.name, b.name));
}

/** Whether it is among those of a state; one that runs is, also where its methods fail. */
export function hasState(one: FleetService, wanted: string): boolean {
  const worst = one.places[0]!;
  if (wanted === 'trouble') return one.worst === 'failing' || one.worst === 'warning';
  return wanted === '' || one.worst === wanted || (wanted === 'ok' && worst.isKnown && worst.service.state === 'running');
}

/** Nodes that can tell of each service that can be called; one that tells of several is asked once. */
export function nodesToAsk(services: readonly FleetService[]): Set<string> {
  const nodes = new Set<string>();
  for (const { places } of services) {
    const reachable = places.filter((place) => place.isReachable);
    if (reachable.length > 0 && !reachable.some((place) => nodes.has(place.node))) nodes.add(reachable[0]!.node);
  }
  return nodes;
}
