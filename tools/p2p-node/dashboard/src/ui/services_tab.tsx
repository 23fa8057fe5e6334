// The services of the fleet; of one, where it runs and what can be called.
import { count, formatNumber, kUnknown } from '../state/format';
import { escapeControls } from '../state/escape';
import { compareNames } from '../state/fleet';
import { link } from '../state/route';
import { matchesWords } from '../state/search';
import { fleetServices, hasState, kServiceRank, type FleetService } from '../state/services';
import { fleetStore, routeStore, setParams } from './app_state';
import { Choice, TextField } from './fields';
import { nextSort, sortOf } from './nodes_tab';
import { Code, Empty, Pill, memo, toneOfService } from './parts';
import { ServiceDetails } from './service_details';
import { useStore } from './store';
import { VirtualTable, type Column } from './virtual_table';

const kColumns: readonly Column[] = [
  { key: 'name', title: 'Service', isSortable: true },
  { key: 'state', title: 'State', isSortable: true },
  { key: 'places', title: 'Nodes', isNumber: true, isSortable: true },
  { key: 'calls', title: 'Calls/s', isNumber: true, isSortable: true },
  { key: 'restarts', title: 'Restarts', isNumber: true, isSortable: true },
  { key: 'version', title: 'Version', isWide: true },
  { key: 'why', title: 'Why', className: 'why' },
];

const kStates = [
  { value: '', title: 'all states' },
  { value: 'trouble', title: 'needs attention' },
  { value: 'failing', title: 'failing' },
  { value: 'warning', title: 'warning' },
  { value: 'ok', title: 'running' },
  { value: 'off', title: 'stopped' },
  { value: 'unknown', title: 'unknown' },
];

function sorted(services: FleetService[], key: string, isDown: boolean): FleetService[] {
  const value = (one: FleetService): number => {
    if (key === 'state') return kServiceRank[one.worst];
    if (key === 'places') return one.places.length;
    return key === 'calls' ? (one.callsPerSecond ?? -1) : one.restarts;
  };
  const sign = isDown ? -1 : 1;
  return services.sort((a, b) => sign * (key === 'name' ? compareNames(a.name, b.name) : value(a) - value(b)) || compareNames(a.name, b.name));
}

const Row = memo(function Row({ service, isOpen }: { service: FleetService; isOpen: boolean }) {
  return (
    <tr class={isOpen ? 'open' : ''}>
      <th scope="row">
        <a href={link('services', service.name)} aria-current={isOpen ? 'true' : undefined}>
          {service.name}
        </a>
      </th>
      <td>
        <Pill tone={toneOfService(service.worst)}>{service.words}</Pill>
      </td>
      <td class="num">{service.places.length}</td>
      <td class="num">{formatNumber(service.callsPerSecond)}</td>
      <td class={`num ${service.restarts > 0 ? 'warn-text' : ''}`}>{formatNumber(service.restarts)}</td>
      <td class="wide">{service.versions.join(', ') || kUnknown}</td>
      <td class="why" title={escapeControls(service.why)}>
        {escapeControls(service.why)}
      </td>
    </tr>
  );
});

export function ServicesTab() {
  const state = useStore(fleetStore);
  const route = useStore(routeStore);
  const { q = '', state: wanted = '' } = route.params;
  const all = fleetServices(state.ids, state.nodes);
  const sort = sortOf(route.params.sort, 'name');
  const rows = sorted(
    all.filter((one) => hasState(one, wanted) && matchesWords(one.name, q)),
    sort.key,
    sort.isDown,
  );
  const open = all.find((one) => one.name === route.item);
  return (
    <div class={route.item ? 'split has-item' : 'split'}>
      <section class="split-list" aria-label="All services">
        <div class="toolbar">
          <TextField label="Search services" value={q} onChange={(value) => setParams({ q: value })} />
          <Choice label="State" value={wanted} choices={kStates} onChange={(value) => setParams({ state: value })} />
          <span class="muted toolbar-count">{count(rows.length, 'service')}</span>
        </div>
        {rows.length > 0 && (
          <VirtualTable
            label="Services"
            columns={kColumns}
            rows={rows}
            blockHeight={144}
            sort={sort}
            onSort={(key) => setParams({ sort: nextSort(sort, key, ['name', 'state']) })}
            row={(service) => <Row key={service.name} service={service} isOpen={service.name === route.item} />}
          />
        )}
        {rows.length === 0 && all.length > 0 && (
          <Empty title="No service fits this search.">
            <button type="button" class="button" onClick={() => setParams({ q: '', state: '' })}>
              Show all {count(all.length, 'service')}
            </button>
          </Empty>
        )}
        {all.length === 0 && (
          <Empty title={state.sequence === 0 ? 'Waiting for the first figures…' : 'No node runs a service yet.'}>
            <p>
              A service is a folder with a <Code>service.yaml</Code> in a node's <Code>services_directory</Code>; see <Code>man p2p-service</Code>.
            </p>
          </Empty>
        )}
      </section>
      {route.item && <ServiceDetails key={route.item} name={route.item} service={open} back={link('services', undefined, route.params)} />}
    </div>
  );
}
