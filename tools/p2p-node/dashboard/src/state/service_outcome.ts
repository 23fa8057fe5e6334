// What came of starting a service: a program that fails again does so within seconds, after the node has said that it runs.
import { serviceHealth } from './services';
import type { ServiceDescription } from './protocol';

export type Look = Pick<ServiceDescription, 'state' | 'error' | 'restarts'>;

/** So often it is looked at, a second apart, before it counts as running. */
export const kLooks = 5;

/** `looks` is what the node has said of it since, the oldest first. Undefined: it is too early to tell. */
export function outcomeOf(looks: readonly Look[]): 'running' | 'failed' | undefined {
  const [first, last] = [looks[0], looks.at(-1)];
  if (!first || !last) return undefined;
  if (serviceHealth({ state: last.state ?? '' }) === 'failing' || (last.restarts ?? 0) > (first.restarts ?? 0)) return 'failed';
  return looks.length >= kLooks && last.state === 'running' ? 'running' : undefined;
}
