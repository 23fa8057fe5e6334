// A service on a node: its state, and what can be done with it.
import { call } from '../net/http';
import { escapeControls } from '../state/escape';
import { count, formatNumber } from '../state/format';
import type { NodeStatus, ServiceEntry } from '../state/protocol';
import { link } from '../state/route';
import { kLooks, outcomeOf, type Look } from '../state/service_outcome';
import { isReachable, serviceHealth, troublesOf } from '../state/services';
import { canChange, fleetStore, sessionStore } from './app_state';
import { ask } from './confirm';
import { say } from './notice';
import { Pill, kViewerMay, memo, toneOfService } from './parts';
import { useStore } from './store';
import type { Column } from './virtual_table';

type Change = 'start' | 'stop' | 'restart';

const kDone: Record<Change, string> = { start: 'started', stop: 'stopped', restart: 'restarted' };

/** What happens to those who call it, in a sentence. */
function effectOf(change: Change, name: string, node: string, service: ServiceEntry): string {
  const { nodes } = fleetStore.get();
  const others = [...nodes].filter(([id, one]) => id !== node && one.status === 'alive' && one.services?.[name]?.state === 'running').length;
  const elsewhere =
    others > 0 ? `${count(others, 'other node')} will take its calls.` : 'No other node has it running: calls to it will fail meanwhile.';
  const rate = service.calls_per_second ? ` It now answers ${formatNumber(service.calls_per_second)} calls a second.` : '';
  if (change === 'start') return `Calls may go to ${node} again.`;
  if (change === 'restart') return `Its folder is read again and its program started anew; calls under way may finish.${rate} ${elsewhere}`;
  return `It stays stopped, also after a restart of the node, until somebody starts it.${rate} ${elsewhere}`;
}

/** What can be done with it. */
export function changesOf(service: ServiceEntry): Change[] {
  return service.state === 'stopped' ? ['start'] : ['restart', 'stop'];
}

export const titleOf = (change: Change) => change[0]!.toUpperCase() + change.slice(1);

const kLookMs = 1000;

/** Says what came of it, a few seconds later. */
async function tellOutcome(done: string, name: string, node: string): Promise<void> {
  const looks: Look[] = [];
  let outcome: ReturnType<typeof outcomeOf>;
  try {
    while (looks.length < kLooks && !outcome) {
      await new Promise((resolve) => setTimeout(resolve, kLookMs));
      looks.push(await call<Look>('services.describe', { name }, `node:${node}`));
      outcome = outcomeOf(looks);
    }
  } catch (error) {
    return say(`${done}, but what came of it is not known: ${(error as Error).message}.`, 'failing');
  }
  if (outcome === 'running') return say(`${name} on ${node} is running again.`);
  if (!outcome) return say(`${done}, and is still ${looks.at(-1)!.state}.`);
  const why = looks.at(-1)!.error || fleetStore.get().nodes.get(node)?.services?.[name]?.error || 'its log says why';
  say(`${done}, but it failed again: ${escapeControls(why)}.`, 'failing');
}

export function askChange(change: Change, name: string, node: string, service: ServiceEntry): void {
  ask({
    title: `${titleOf(change)} ${name} on ${node}?`,
    body: <p>{effectOf(change, name, node, service)}</p>,
    action: `${titleOf(change)} it`,
    isDangerous: change === 'stop',
    run: async () => {
      await call(`services.${change}`, { name }, `node:${node}`);
      const done = `${name} on ${node} was ${kDone[change]}`;
      if (change === 'stop') return say(`${done}.`);
      say(`${done}; watching how it does…`);
      void tellOutcome(done, name, node);
    },
  });
}

interface Props {
  name: string;
  node: string;
  service: ServiceEntry;
  /** Of the node. */
  status: NodeStatus;
  /** What the first column has. */
  shows: 'service' | 'node';
}

export function placeColumns(first: string): readonly Column[] {
  return [
    { key: 'first', title: first },
    { key: 'state', title: 'State' },
    { key: 'restarts', title: 'Restarts', isNumber: true },
    { key: 'calls', title: 'Calls/s', isNumber: true },
    { key: 'actions', title: 'Actions' },
  ];
}

export const PlaceRow = memo(function PlaceRow({ name, node, service, status, shows }: Props) {
  const isOperator = useStore(sessionStore, canChange);
  const isKnown = status === 'alive';
  const refusal = !isOperator ? kViewerMay : isReachable(status) ? undefined : `${node} cannot be reached.`;
  return (
    <tr>
      <th scope="row">
        <a href={shows === 'service' ? link('services', name) : link('nodes', node)}>{shows === 'service' ? name : node}</a>
        {shows === 'service' && service.version && <span class="muted"> {service.version}</span>}
      </th>
      <td title={isKnown ? troublesOf(service).map(escapeControls).join('\n') || undefined : `${node} is ${status}; it said ${service.state} last.`}>
        <Pill tone={isKnown ? toneOfService(serviceHealth(service)) : 'off'}>{isKnown ? service.state : 'unknown'}</Pill>
      </td>
      <td class={`num ${service.restarts ? 'warn-text' : ''}`}>{formatNumber(service.restarts)}</td>
      <td class="num">{formatNumber(isKnown ? service.calls_per_second : undefined)}</td>
      <td class="actions">
        <a class="button small" href={link('logs', undefined, { node, logger: `Service.${name}` })}>
          Logs
        </a>
        {changesOf(service).map((change) => (
          <button
            key={change}
            type="button"
            class="button small"
            disabled={refusal !== undefined}
            title={refusal}
            onClick={() => askChange(change, name, node, service)}
          >
            {titleOf(change)}
          </button>
        ))}
      </td>
    </tr>
  );
});
