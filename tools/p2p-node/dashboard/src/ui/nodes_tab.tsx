// All nodes: a table or a picture, and the details of one beside it.
import { link, type Route } from '../state/route';
import { matchesWords } from '../state/search';
import type { FleetState } from '../state/fleet';
import { kMostInPicture } from '../state/topology';
import { count } from '../state/format';
import { fleetStore, routeStore, setParams, useSlowNow } from './app_state';
import { NodeDetails } from './node_details';
import { NodeGrid } from './node_grid';
import { NodeTable, sortNodes, type NodeRow } from './node_table';
import { Empty } from './parts';
import { Choice, TextField, Segments } from './fields';
import { TopologyPicture } from './topology_picture';
import { useStore } from './store';

const kHealthChoices = [
  { value: '', title: 'all states' },
  { value: 'trouble', title: 'needs attention' },
  { value: 'failing', title: 'failing' },
  { value: 'warning', title: 'warning' },
  { value: 'ok', title: 'ok' },
  { value: 'left', title: 'left' },
];

function fitsHealth({ node }: NodeRow, wanted: string): boolean {
  if (wanted === '') return true;
  if (wanted === 'left' || node.status === 'left') return wanted === 'left' && node.status === 'left';
  return wanted === 'trouble' ? node.health !== 'ok' : node.health === wanted;
}

function fitsWords({ id, node }: NodeRow, words: string): boolean {
  if (words === '') return true;
  return matchesWords([id, node.role, node.status, node.version, ...(node.addresses ?? []), ...Object.keys(node.services ?? {})].join(' '), words);
}

export function sortOf(text: string | undefined, otherwise: string): { key: string; isDown: boolean } {
  const key = text || otherwise;
  return key.startsWith('-') ? { key: key.slice(1), isDown: true } : { key, isDown: false };
}

/** The same column again turns the order round; figures begin with the greatest. */
export function nextSort(sort: { key: string; isDown: boolean }, key: string, textKeys: readonly string[]): string {
  const isDown = sort.key === key ? !sort.isDown : !textKeys.includes(key);
  return isDown ? `-${key}` : key;
}

function Listing({ state, route }: { state: FleetState; route: Route }) {
  const now = useSlowNow();
  const { q = '', health = '', view = '' } = route.params;
  const sort = sortOf(route.params.sort, 'id');
  const all = state.ids.map((id) => ({ id, node: state.nodes.get(id)! }));
  const rows = sortNodes(
    all.filter((row) => fitsHealth(row, health) && fitsWords(row, q)),
    sort.key,
    sort.isDown,
  );
  return (
    <>
      <div class="toolbar">
        <TextField label="Search nodes" value={q} onChange={(value) => setParams({ q: value })} />
        <Choice label="State" value={health} choices={kHealthChoices} onChange={(value) => setParams({ health: value })} />
        <Segments
          label="Shown as"
          value={view}
          choices={[
            { value: '', title: 'Table' },
            { value: 'picture', title: 'Picture' },
          ]}
          onChange={(value) => setParams({ view: value })}
        />
        <span class="muted toolbar-count">
          {rows.length === all.length ? count(all.length, 'node') : `${rows.length} of ${count(all.length, 'node')}`}
        </span>
      </div>
      {view === 'picture' && (state.ids.length <= kMostInPicture ? <TopologyPicture state={state} /> : <NodeGrid state={state} />)}
      {view !== 'picture' && rows.length > 0 && (
        <NodeTable
          rows={rows}
          now={now}
          open={route.item}
          sort={sort}
          onSort={(key) => setParams({ sort: nextSort(sort, key, ['id', 'health', 'version']) })}
        />
      )}
      {view !== 'picture' && rows.length === 0 && all.length > 0 && (
        <Empty title="No node fits this search.">
          <button type="button" class="button" onClick={() => setParams({ q: '', health: '' })}>
            Show all {count(all.length, 'node')}
          </button>
        </Empty>
      )}
      {all.length === 0 && <Empty title={state.sequence === 0 ? 'Waiting for the first figures…' : 'There are no nodes yet.'} />}
    </>
  );
}

export function NodesTab() {
  const state = useStore(fleetStore);
  const route = useStore(routeStore);
  return (
    <div class={route.item ? 'split has-item' : 'split'}>
      <section class="split-list" aria-label="All nodes">
        <Listing state={state} route={route} />
      </section>
      {route.item && <NodeDetails key={route.item} id={route.item} back={link('nodes', undefined, route.params)} />}
    </div>
  );
}
