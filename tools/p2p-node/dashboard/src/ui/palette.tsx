// Everything by its name, to go to or to do: Ctrl+K, or the slash.
import { useState } from 'preact/hooks';
import { call } from '../net/http';
import type { ListedService } from '../state/protocol';
import { fleetServices, isReachable, nodesToAsk } from '../state/services';
import { kTabs, link } from '../state/route';
import { rank } from '../state/search';
import { canChange, fleetStore, leave } from './app_state';
import { askRenew } from './certificates_tab';
import { openKeys } from './key_list';
import { pause } from './logs_tab';
import { Modal } from './modal';
import { askChange, changesOf, titleOf } from './service_places';
import { Store, useStore } from './store';
import { toggleTheme } from './theme';
import { useLoaded } from './use_answer';

interface Command {
  title: string;
  kind: string;
  run: () => void;
}

const kMostShown = 12;
/** Nodes, each time: what a session may ask is limited. */
const kMostAsked = 8;
const openStore = new Store(false);

export function openPalette(): void {
  openStore.set(true);
}

function go(hash: string): () => void {
  return () => {
    location.hash = hash;
  };
}

/** What an operator may change; each asks before it does. */
function changes(): Command[] {
  const { ids, nodes } = fleetStore.get();
  return ids.flatMap((id) => {
    const node = nodes.get(id)!;
    if (!isReachable(node.status)) return [];
    const ofServices = Object.entries(node.services ?? {}).flatMap(([name, service]) =>
      changesOf(service).map((change) => ({ title: `${titleOf(change)} ${name} on ${id}`, kind: 'Service', run: () => askChange(change, name, id, service) })),
    );
    return [...ofServices, { title: `Renew the certificate of ${id}`, kind: 'Certificate', run: () => askRenew(id) }];
  });
}

/** The forms of all methods. The nodes are asked, as an update has no methods; one that does not answer has none here. */
async function calls(signal: AbortSignal): Promise<Command[]> {
  const { ids, nodes } = fleetStore.get();
  const services = fleetServices(ids, nodes);
  const asked = [...nodesToAsk(services)].slice(0, kMostAsked);
  const answers = await Promise.allSettled(asked.map((node) => call<ListedService[]>('services.list', {}, `node:${node}`, signal)));
  const listed = answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  return services.flatMap(({ name }) =>
    (listed.find((one) => one.name === name)?.methods ?? []).map((method) => ({
      title: `Call ${name}.${method}`,
      kind: 'Method',
      run: go(link('services', name, { call: method })),
    })),
  );
}

function commands(): Command[] {
  const { ids, nodes } = fleetStore.get();
  return [
    ...kTabs.map((tab) => ({ title: tab[0]!.toUpperCase() + tab.slice(1), kind: 'Tab', run: go(link(tab)) })),
    { title: 'Errors of all nodes', kind: 'Logs', run: go(link('logs', undefined, { level: 'ERROR' })) },
    { title: 'Nodes that need attention', kind: 'Nodes', run: go(link('nodes', undefined, { health: 'trouble' })) },
    { title: 'Switch between dark and light', kind: 'Page', run: toggleTheme },
    { title: 'Show what the keys do', kind: 'Page', run: openKeys },
    ...(pause.toggle ? [{ title: 'Pause the logs, or go on', kind: 'Logs', run: pause.toggle }] : []),
    { title: 'Sign out', kind: 'Page', run: leave },
    ...ids.flatMap((id) => [
      { title: id, kind: 'Node', run: go(link('nodes', id)) },
      { title: `Logs of ${id}`, kind: 'Logs', run: go(link('logs', undefined, { node: id })) },
    ]),
    ...fleetServices(ids, nodes).map((service) => ({ title: service.name, kind: 'Service', run: go(link('services', service.name)) })),
    ...(canChange() ? changes() : []),
  ];
}

const keyOf = ({ kind, title }: Command) => `${kind} ${title}`;

function Palette() {
  const [typed, setTyped] = useState('');
  // Not its place: others may come before it later.
  const [key, setKey] = useState('');
  const [named] = useState(commands);
  const { answer: methods = [] } = useLoaded(canChange() ? calls : () => Promise.resolve([]), 'methods');
  const found = rank([...named, ...methods], (command) => `${command.title} ${command.kind}`, typed, kMostShown);
  const chosen = Math.max(0, found.findIndex((command) => keyOf(command) === key));
  const choose = (i: number) => setKey(found[i] ? keyOf(found[i]!) : '');
  const close = () => openStore.set(false);
  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') choose((chosen + 1) % found.length);
    else if (event.key === 'ArrowUp') choose((chosen + found.length - 1) % found.length);
    else if (event.key === 'Enter') run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal class="palette" label="Go to or do" onClose={close} isLight>
      <input
        type="text"
        role="combobox"
        aria-label="Go to a node, service, method, tab, or do something"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${chosen}` : undefined}
        placeholder="Node, service, method, tab, action…"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setKey('');
        }}
        onKeyDown={onKey}
      />
      <ul id="palette-list" role="listbox" aria-label="Found">
        {found.map((command, i) => (
          <li
            key={keyOf(command)}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === chosen}
            onMouseMove={() => choose(i)}
            onClick={() => run(command)}
          >
            <span>{command.title}</span>
            <span class="muted">{command.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="muted palette-none">Nothing has such a name.</p>}
    </Modal>
  );
}

export function PaletteHost() {
  return useStore(openStore) ? <Palette /> : null;
}
