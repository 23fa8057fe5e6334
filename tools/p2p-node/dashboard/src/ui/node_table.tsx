// The nodes as a table.
import { compareNames } from '../state/fleet';
import { formatAgo, formatMs, formatNumber, kUnknown } from '../state/format';
import type { NodeEntry } from '../state/protocol';
import { link } from '../state/route';
import { Meter, Pill, memo, nodeWord, shareOf, toneOfNode } from './parts';
import { VirtualTable, type Column } from './virtual_table';

export const kNodeColumns: readonly Column[] = [
  { key: 'id', title: 'Node', isSortable: true },
  { key: 'health', title: 'State', isSortable: true },
  { key: 'cpu', title: 'CPU', isSortable: true },
  { key: 'memory', title: 'Memory', isSortable: true },
  { key: 'disk', title: 'Disk', isSortable: true },
  { key: 'calls', title: 'Calls/s', isNumber: true, isSortable: true },
  { key: 'errors', title: 'Failed/s', isNumber: true, isSortable: true, isWide: true },
  { key: 'p99', title: 'p99', isNumber: true, isSortable: true, isWide: true },
  { key: 'logs', title: 'Lines/s', isNumber: true, isSortable: true, isWide: true },
  { key: 'links', title: 'Linked to', isWide: true },
  { key: 'version', title: 'Version', isSortable: true, isWide: true },
  { key: 'seen', title: 'Last seen', isSortable: true, isWide: true },
];

export interface NodeRow {
  id: string;
  node: NodeEntry;
}

const kHealthRank = { failing: 0, warning: 1, ok: 2 };

function sortValue({ id, node }: NodeRow, key: string): number | string | undefined {
  switch (key) {
    case 'health':
      return node.status === 'left' ? 3 : kHealthRank[node.health];
    case 'cpu':
      return node.cpu;
    case 'memory':
      return shareOf(node.memory_used, node.memory_total);
    case 'disk':
      return shareOf(node.disk_used, node.disk_total);
    case 'calls':
      return node.calls_per_second;
    case 'errors':
      return node.errors_per_second;
    case 'p99':
      return node.call_p99_ms;
    case 'logs':
      return node.logs_per_second;
    case 'version':
      return node.version;
    case 'seen':
      return node.last_seen;
    default:
      return id;
  }
}

/** `rows` are in order of name, which stays where values are equal. What is not known comes last, both ways. */
export function sortNodes(rows: NodeRow[], key: string, isDown: boolean): NodeRow[] {
  const sign = isDown ? -1 : 1;
  if (key === 'id') return isDown ? rows.reverse() : rows;
  return rows.sort((a, b) => {
    const x = sortValue(a, key);
    const y = sortValue(b, key);
    if (x === y) return 0;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : compareNames(String(x), String(y)));
  });
}

/** The coordinator does not tell the time of each sign of life of a node that is alive. */
export function seenWords(node: NodeEntry, now: number): string {
  return node.status === 'alive' ? 'now' : formatAgo(node.last_seen, now);
}

const Row = memo(function Row({ id, node, seen, isOpen }: { id: string; node: NodeEntry; seen: string; isOpen: boolean }) {
  const tone = toneOfNode(node);
  return (
    <tr class={isOpen ? 'open' : ''}>
      <th scope="row">
        <a href={link('nodes', id)} aria-current={isOpen ? 'true' : undefined}>
          {id}
        </a>
        {node.role === 'coordinator' && <span class="tag">coordinator</span>}
      </th>
      <td title={node.problems?.join('\n')}>
        <Pill tone={tone}>{nodeWord(node)}</Pill>
      </td>
      <td>
        <Meter share={node.cpu} warnAt={0.85} failAt={0.97} />
      </td>
      <td>
        <Meter share={shareOf(node.memory_used, node.memory_total)} warnAt={0.85} failAt={0.95} />
      </td>
      <td>
        <Meter share={shareOf(node.disk_used, node.disk_total)} />
      </td>
      <td class="num">{formatNumber(node.calls_per_second)}</td>
      <td class={`num wide ${node.errors_per_second ? 'bad-text' : ''}`}>{formatNumber(node.errors_per_second)}</td>
      <td class="num wide">{formatMs(node.call_p99_ms)}</td>
      <td class="num wide">{formatNumber(node.logs_per_second)}</td>
      <td class="wide clip">{node.linked_to?.join(', ') || kUnknown}</td>
      <td class="wide">{node.version ?? kUnknown}</td>
      <td class="wide">{seen}</td>
    </tr>
  );
});

interface Props {
  rows: readonly NodeRow[];
  now: number;
  open: string | undefined;
  sort: { key: string; isDown: boolean };
  onSort: (key: string) => void;
}

export function NodeTable({ rows, now, open, sort, onSort }: Props) {
  return (
    <VirtualTable
      label="Nodes"
      columns={kNodeColumns}
      rows={rows}
      sort={sort}
      onSort={onSort}
      row={({ id, node }) => <Row key={id} id={id} node={node} seen={seenWords(node, now)} isOpen={id === open} />}
    />
  );
}
