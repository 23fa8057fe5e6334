// A table that draws only the rows in sight, once there are more than fit; each row has the same height. Where there is little
// room each row is a block of its own, its cells below each other with the names of their columns.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import { rowsInSight } from '../state/window_rows';
import { kNarrow, useMedia } from './use_media';

export interface Column {
  key: string;
  title: string;
  /** Right-aligned figures. */
  isNumber?: boolean;
  /** Left out where there is little room. */
  isWide?: boolean;
  isSortable?: boolean;
  className?: string;
}

interface Props<T> {
  label: string;
  columns: readonly Column[];
  rows: readonly T[];
  sort?: { key: string; isDown: boolean };
  onSort?: (key: string) => void;
  /** A `<tr>` with a cell for each column, and a key. */
  row: (row: T, index: number) => ComponentChildren;
  /** Of a row where there is little room, in pixels; needed of a list that may be long. */
  blockHeight?: number;
}

const kRowHeight = 34;
const kMostWhole = 80;

function Heading({ column, sort, onSort }: { column: Column; sort: Props<unknown>['sort']; onSort?: (key: string) => void }) {
  const isSorted = sort?.key === column.key;
  const direction = isSorted ? (sort!.isDown ? 'descending' : 'ascending') : undefined;
  return (
    <th scope="col" class={cellClass(column)} aria-sort={direction}>
      {column.isSortable && onSort ? (
        <button type="button" class="sort" onClick={() => onSort(column.key)}>
          {column.title}
          <span aria-hidden="true">{isSorted ? (sort!.isDown ? ' ↓' : ' ↑') : ''}</span>
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

export function cellClass(column: Column): string {
  return [column.isNumber && 'num', column.isWide && 'wide', column.className].filter(Boolean).join(' ');
}

export function VirtualTable<T>({ label, columns, rows, sort, onSort, row, blockHeight = 128 }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const isNarrow = useMedia(kNarrow);
  const rowHeight = isNarrow ? blockHeight : kRowHeight;
  const isWhole = rows.length <= kMostWhole;
  const top = box.current?.scrollTop ?? 0;
  const height = box.current?.clientHeight ?? 600;
  const sight = isWhole ? { from: 0, to: rows.length } : rowsInSight(rows.length, rowHeight, top, height);
  useLayoutEffect(() => {
    const element = box.current!;
    const onScroll = () => redraw(undefined as never);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, []);
  useLayoutEffect(() => {
    if (!isNarrow) return;
    for (const one of box.current!.querySelectorAll('tbody tr:not(.space)')) {
      for (let i = 1; i < columns.length; ++i) (one.children[i] as HTMLElement).dataset.label = columns[i]!.title;
    }
  });
  const space = (count: number) => count > 0 && <tr class="space" aria-hidden="true" style={{ height: `${count * rowHeight}px` }} />;
  return (
    <div class={isWhole ? 'table-box' : 'table-box tall'} ref={box} role="region" aria-label={label} tabIndex={0}>
      <table aria-rowcount={rows.length + 1} style={{ '--block': isWhole ? 'auto' : `${blockHeight}px` }}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {space(sight.from)}
          {rows.slice(sight.from, sight.to).map((one, i) => row(one, sight.from + i))}
          {space(rows.length - sight.to)}
        </tbody>
      </table>
    </div>
  );
}
