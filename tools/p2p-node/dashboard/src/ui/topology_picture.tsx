// Who is linked to whom, for a fleet that a picture can hold.
import { edgesOf, placeNodes } from '../state/topology';
import type { FleetState } from '../state/fleet';
import { link } from '../state/route';
import { nodeWord, toneOfNode } from './parts';

const kWidth = 720;
const kHeight = 480;

export function TopologyPicture({ state }: { state: FleetState }) {
  const spots = placeNodes(state.ids, state.nodes);
  const places = new Map(spots.map((spot) => [spot.id, { x: 70 + spot.x * (kWidth - 140), y: 20 + spot.y * (kHeight - 56) }]));
  return (
    <figure class="topology" aria-label="Who is linked to whom">
      <svg viewBox={`0 0 ${kWidth} ${kHeight}`} role="group" aria-label={`${state.ids.length} nodes and their links`}>
        {edgesOf(state.nodes).map(({ from, to }) => {
          const a = places.get(from)!;
          const b = places.get(to)!;
          return <line key={`${from} ${to}`} class="link" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />;
        })}
        {spots.map(({ id }) => {
          const node = state.nodes.get(id)!;
          const { x, y } = places.get(id)!;
          const isCoordinator = node.role === 'coordinator';
          return (
            <a key={id} href={link('nodes', id)} aria-label={`${id}, ${nodeWord(node)}`} class={`spot ${toneOfNode(node)}`}>
              {isCoordinator ? <rect x={x - 11} y={y - 11} width="22" height="22" rx="5" /> : <circle cx={x} cy={y} r="9" />}
              {toneOfNode(node) === 'failing' && <path class="cross" d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />}
              <text x={x} y={y + 25} text-anchor="middle">
                {id}
              </text>
            </a>
          );
        })}
      </svg>
      <figcaption class="muted">A square is the coordinator. A line is an open link. The table has the same in words.</figcaption>
    </figure>
  );
}
