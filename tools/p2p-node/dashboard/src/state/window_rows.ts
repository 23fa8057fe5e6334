// Which rows of a long list are drawn: those in sight and some around them.

export interface RowWindow {
  from: number;
  to: number;
}

/** `from` inclusive, `to` exclusive. */
export function rowsInSight(count: number, rowHeight: number, scrollTop: number, height: number, around = 8): RowWindow {
  const first = Math.floor(scrollTop / rowHeight) - around;
  const last = Math.ceil((scrollTop + height) / rowHeight) + around;
  const to = Math.min(count, Math.max(0, last));
  return { from: Math.min(Math.max(0, first), to), to };
}
