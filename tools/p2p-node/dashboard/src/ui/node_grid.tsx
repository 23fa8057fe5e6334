// A large fleet as a grid of cells, one a node, drawn on a canvas: five hundred elements would cost more than they tell. The
// table is its twin.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FleetState } from '../state/fleet';
import { countHealth } from '../state/fleet';
import { count } from '../state/format';
import { link } from '../state/route';
import { cellAt, gridOf, type Grid } from '../state/topology';
import { nodeWord, toneOfNode } from './parts';
import { useStore } from './store';
import { themeStore } from './theme';

function draw(canvas: HTMLCanvasElement, state: FleetState, grid: Grid, width: number): void {
  const scale = devicePixelRatio || 1;
  const height = grid.rows * grid.cell;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colours: Record<string, string> = {};
  for (const tone of ['ok', 'warning', 'failing', 'off', 'text-on-tone']) colours[tone] = style.getPropertyValue(`--${tone}`).trim();
  state.ids.forEach((id, i) => {
    const node = state.nodes.get(id)!;
    const tone = toneOfNode(node);
    const x = (i % grid.columns) * grid.cell;
    const y = Math.floor(i / grid.columns) * grid.cell;
    const size = grid.cell - 2;
    // The fuller the colour, the more it has to do; trouble is always full.
    context.globalAlpha = tone === 'ok' ? 0.35 + 0.65 * Math.min(1, node.cpu ?? 0) : 1;
    context.fillStyle = colours[tone]!;
    context.fillRect(x + 1, y + 1, size, size);
    if (tone === 'failing') {
      context.strokeStyle = colours['text-on-tone']!;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x + 4, y + 4);
      context.lineTo(x + size - 2, y + size - 2);
      context.moveTo(x + size - 2, y + 4);
      context.lineTo(x + 4, y + size - 2);
      context.stroke();
    }
  });
}

export function NodeGrid({ state }: { state: FleetState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<number>();
  const theme = useStore(themeStore);
  const grid = gridOf(state.ids.length, width || 600);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(canvas.current!.parentElement!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0) draw(canvas.current!, state, grid, width);
  }, [state.nodes, width, theme]);
  const at = (event: MouseEvent) => cellAt(grid, state.ids.length, event.offsetX, event.offsetY);
  const health = countHealth(state.nodes);
  const id = pointed === undefined ? undefined : state.ids[pointed];
  return (
    <div class="node-grid">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${count(state.ids.length, 'node')}: ${health.ok} well, ${health.warning} with a warning, ${health.failing} failing; the table has each of them`}
        onMouseMove={(event) => setPointed(at(event))}
        onMouseLeave={() => setPointed(undefined)}
        onClick={(event) => {
          const index = at(event);
          if (index !== undefined) location.hash = link('nodes', state.ids[index]);
        }}
      />
      <p class="muted node-grid-hint">
        {id ? (
          <>
            <b>{id}</b> {nodeWord(state.nodes.get(id)!)} {state.nodes.get(id)!.problems?.[0] ?? ''}
          </>
        ) : (
          'A cell is a node; the fuller its colour, the busier. Point at one, or click it.'
        )}
      </p>
    </div>
  );
}
