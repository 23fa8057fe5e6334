// Where the nodes are in the picture of who is linked to whom, and in the grid that takes its place for a large fleet.
import type { NodeEntry } from './protocol';

/** Up to so many nodes are drawn as a picture. */
export const kMostInPicture = 50;

export interface Spot {
  id: string;
  x: number;
  y: number;
}
export interface Edge {
  from: string;
  to: string;
}

/** The coordinator in the middle and the others around it, in order of name, the first at the top. From 0 to 1 both ways. */
export function placeNodes(ids: readonly string[], nodes: ReadonlyMap<string, NodeEntry>): Spot[] {
  const centre = ids.filter((id) => nodes.get(id)?.role === 'coordinator');
  const around = ids.filter((id) => nodes.get(id)?.role !== 'coordinator');
  const ring = (list: readonly string[], radius: number): Spot[] =>
    list.map((id, i) => {
      const angle = (2 * Math.PI * i) / list.length - Math.PI / 2;
      return { id, x: 0.5 + radius * Math.cos(angle), y: 0.5 + radius * Math.sin(angle) };
    });
  return [...ring(centre, centre.length > 1 ? 0.12 : 0), ...ring(around, around.length > 0 ? 0.42 : 0)];
}

/** Each link once, whichever of its ends named it; ends that are not known are left out. */
export function edgesOf(nodes: ReadonlyMap<string, NodeEntry>): Edge[] {
  const out = new Map<string, Edge>();
  for (const [id, node] of nodes) {
    for (const other of node.linked_to ?? []) {
      if (!nodes.has(other) || other === id) continue;
      const [from, to] = id < other ? [id, other] : [other, id];
      out.set(JSON.stringify([from, to]), { from, to });
    }
  }
  return [...out.values()];
}

export interface Grid {
  columns: number;
  rows: number;
  /** The edge of a cell with its margin, in pixels. */
  cell: number;
}

/** The largest cells, from 10 to 26 pixels, with which `count` of them fill `width`. */
export function gridOf(count: number, width: number): Grid {
  const cell = Math.max(10, Math.min(26, Math.floor(Math.sqrt((width * 220) / Math.max(1, count)))));
  const columns = Math.max(1, Math.floor(width / cell));
  return { columns, rows: Math.ceil(count / columns), cell };
}

/** Which cell is at a place, or undefined beside them. */
export function cellAt(grid: Grid, count: number, x: number, y: number): number | undefined {
  const column = Math.floor(x / grid.cell);
  const row = Math.floor(y / grid.cell);
  const index = row * grid.columns + column;
  return x < 0 || y < 0 || column >= grid.columns || index >= count ? undefined : index;
}
