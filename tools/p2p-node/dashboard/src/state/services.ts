// The services of the fleet, gathered from the entries of its nodes.
import { compareNames } from './fleet';
import type { NodeEntry, ServiceEntry } from './protocol';

export interface Place {
  node: string;
  isReachable: boolean;
  service: ServiceEntry;
}
export interface FleetService {
  name: string;
  places: Place[];
  versions: string[];
  restarts: number;
  callsPerSecond: number | undefined;
  worst: ServiceHealth;
  /** Of the first place that fails: `worker-2: exited with status 1: …`. */
  why: string;
}
export type ServiceHealth = 'ok' | 'warning' | 'failing' | 'off';

export function serviceHealth(state: string): ServiceHealth {
  switch (state) {
    case 'running':
      return 'ok';
    case 'starting':
      return 'warning';
    case 'stopped':
      return 'off';
    default:
      return 'failing'; // degraded, failed, error
  }
}

const kRank: Record<ServiceHealth, number> = { failing: 0, warning: 1, ok: 2, off: 3 };

/** By name; within one, those in trouble first. */
export function fleetServices(ids: readonly string[], nodes: ReadonlyMap<string, NodeEntry>): FleetService[] {
  const found = new Map<string, FleetService>();
  for (const id of ids) {
    const node = nodes.get(id)!;
    for (const [name, service] of Object.entries(node.services ?? {})) {
      let one = found.get(name);
      if (!one) found.set(name, (one = { name, places: [], versions: [], restarts: 0, callsPerSecond: undefined, worst: 'off', why: '' }));
      one.places.push({ node: id, isReachable: node.status === 'alive' || node.status === 'suspected', service });
      if (service.version && !one.versions.includes(service.version)) one.versions.push(service.version);
      one.restarts += service.restarts ?? 0;
      if (service.calls_per_second !== undefined) one.callsPerSecond = (one.callsPerSecond ?? 0) + service.calls_per_second;
      const health = serviceHealth(service.state);
      if (kRank[health] < kRank[one.worst]) one.worst = health;
    }
  }
  for (const one of found.values()) {
    one.places.sort((a, b) => kRank[serviceHealth(a.service.state)] - kRank[serviceHealth(b.service.state)]);
    const failing = one.places.find((place) => place.isReachable && place.service.error);
    if (failing) one.why = `${failing.node}: ${failing.service.error}`;
  }
  return [...found.values()].sort((a, b) => compareNames(a.name, b.name));
}
