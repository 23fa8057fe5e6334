// The fleet at a glance: is all well, and if not, what is wrong and where is its last error.
import { countHealth, lastingText, troubledNodes, wellText, type FleetState } from '../state/fleet';
import { count, formatAgo, formatMs, formatNumber, formatPercent } from '../state/format';
import { escapeControls } from '../state/escape';
import type { NodeEntry, Points } from '../state/protocol';
import { link } from '../state/route';
import { serviceLogs, whereCallsFail } from '../state/services';
import { connectionStore, fleetStore, useSlowNow } from './app_state';
import { FleetCharts } from './fleet_charts';
import { Code, Dot, Empty, Spark, memo, nodeWord, toneOfNode } from './parts';
import { NodeGrid } from './node_grid';
import { NodeProblems } from './node_problems';
import { useStore } from './store';

const kMostTroubles = 6;
const kMostCards = 24;

/** An error that was logged longer ago says nothing of what is wrong now, unless something has failed ever since. */
const kRecentMs = 3_600_000;

const Trouble = memo(function Trouble({ id, node }: { id: string; node: NodeEntry }) {
  const now = useSlowNow();
  const last = node.status === 'dead' ? undefined : node.last_error;
  const error = last && (node.health === 'failing' || now - Date.parse(last.timestamp) < kRecentMs) ? last : undefined;
  const failing = Object.keys(node.services ?? {}).filter((name) => node.services![name]!.failing?.length);
  return (
    <li class={`trouble ${toneOfNode(node)}`}>
      <div class="trouble-head">
        <Dot tone={toneOfNode(node)} />
        <a class="trouble-name" href={link('nodes', id)}>
          {id}
        </a>
        <span class="trouble-word">{nodeWord(node)}</span>
      </div>
      <NodeProblems id={id} node={node} />
      {error && (
        <a class="last-error" href={link('logs', undefined, { node: id, at: error.cursor })}>
          <span class="last-error-what">Last error, {formatAgo(error.timestamp, now)}</span>
          <span class="last-error-text mono">
            {escapeControls(lastingText(error, 400))}
          </span>
          <span class="last-error-go">Show in the logs →</span>
        </a>
      )}
      {node.status !== 'alive' && <a href={link('logs', undefined, { node: id })}>Show its last lines before that →</a>}
      {node.status === 'alive' && failing.length > 0 && <a href={serviceLogs(id, failing)}>Show what {failing.join(', ')} logged →</a>}
      {node.status === 'alive' && failing.length === 0 && !error && (
        <a href={link('logs', undefined, { node: id, level: 'WARNING' })}>Show its warnings in the logs →</a>
      )}
    </li>
  );
});

function Verdict({ state }: { state: FleetState }) {
  const health = countHealth(state.nodes);
  const total = health.ok + health.warning + health.failing;
  const troubles = state.fleet.problems ?? [];
  const tone = health.failing > 0 ? 'failing' : health.warning > 0 || troubles.length > 0 ? 'warning' : 'ok';
  const parts = [
    health.failing > 0 && `${count(health.failing, 'node')} failing`,
    health.warning > 0 && `${count(health.warning, 'node')} with a warning`,
  ].filter(Boolean);
  const title = parts.length > 0 ? parts.join(', ') : total === 1 ? 'The one node is well' : `All ${formatNumber(total)} nodes are well`;
  return (
    <div class={`verdict ${tone}`}>
      <h1>
        <Dot tone={tone} />
        {title}
      </h1>
      <p class="muted">
        {parts.length > 0 && `${wellText(health)} `}
        {health.left > 0 && `${count(health.left, 'node')} left.`}
      </p>
      {troubles.map((problem) => (
        <p class="verdict-problem" key={problem}>
          {escapeControls(problem)}
        </p>
      ))}
    </div>
  );
}

const Tile = memo(function Tile({ name, href, value, note, points, tone }: {
  name: string;
  /** Where there is more. */
  href: string;
  value: string;
  note?: string;
  points?: Points;
  tone?: string;
}) {
  return (
    <a class={`tile ${tone ?? ''}`} href={href}>
      <div class="tile-name">{name}</div>
      <div class="tile-value">
        <span class="tile-figure">{value}</span>
        {note && <span class="tile-note">{note}</span>}
      </div>
      {points && <Spark points={points} label={`${name}, the last minutes`} width={160} height={26} />}
    </a>
  );
});

/** The last two minutes: what a tile has room for. */
function recent(points: Points | undefined): Points | undefined {
  return points?.slice(-120);
}

function Tiles({ state }: { state: FleetState }) {
  const { fleet, history } = state;
  const errors = fleet.errors_per_second ?? 0;
  return (
    <section class="tiles" aria-label="The fleet in figures">
      <Tile name="CPU" href={link('nodes', undefined, { sort: '-cpu' })} value={formatPercent(history.fleet.cpu?.at(-1))} points={recent(history.fleet.cpu)} />
      <Tile name="Calls" href={link('services', undefined, { sort: '-calls' })} value={formatNumber(fleet.calls_per_second)} note="/s" points={recent(history.fleet.calls)} />
      <Tile
        name="Failed calls"
        href={whereCallsFail(state.nodes)}
        value={formatNumber(fleet.errors_per_second)}
        note="/s"
        points={recent(history.fleet.errors)}
        tone={errors > 0 ? 'bad' : ''}
      />
      <Tile
        name="Latency p99"
        href={link('nodes', undefined, { sort: '-p99' })}
        value={formatMs(fleet.call_p99_ms)}
        note={fleet.call_p50_ms === undefined ? '' : `p50 ${formatMs(fleet.call_p50_ms)}`}
        points={recent(history.fleet.p99)}
      />
      <Tile name="Log lines" href={link('logs')} value={formatNumber(fleet.logs_per_second)} note="/s" points={recent(history.fleet.logs)} />
      <Tile
        name="Logged errors"
        href={link('logs', undefined, { level: 'ERROR' })}
        value={formatNumber(fleet.log_errors_per_minute)}
        note="/min"
        tone={(fleet.log_errors_per_minute ?? 0) > 0 ? 'bad' : ''}
      />
    </section>
  );
}

const NodeCard = memo(function NodeCard({ id, node, points }: { id: string; node: NodeEntry; points: Points | undefined }) {
  return (
    <li>
      <a class="card" href={link('nodes', id)}>
        <span class="card-name">
          <Dot tone={toneOfNode(node)} />
          {id}
        </span>
        <span class="card-word">{node.health === 'ok' && node.status === 'alive' ? formatPercent(node.cpu) : nodeWord(node)}</span>
        <Spark points={points} top={1} label={`CPU of ${id}, the last 15 minutes`} />
      </a>
    </li>
  );
});

function Cards({ state }: { state: FleetState }) {
  const rank = { failing: 0, warning: 1, ok: 2 };
  const ids =
    state.ids.length <= kMostCards ? state.ids : [...state.ids].sort((a, b) => rank[state.nodes.get(a)!.health] - rank[state.nodes.get(b)!.health]);
  return (
    <section aria-labelledby="cards-title">
      <h2 id="cards-title">Nodes</h2>
      {state.ids.length > kMostCards && <NodeGrid state={state} />}
      <ul class="cards">
        {ids.slice(0, kMostCards).map((id) => (
          <NodeCard key={id} id={id} node={state.nodes.get(id)!} points={state.history.nodes.get(id)?.cpu} />
        ))}
      </ul>
      {state.ids.length > kMostCards && (
        <p class="more">
          <a href={link('nodes')}>All {count(state.ids.length, 'node')}</a>
        </p>
      )}
    </section>
  );
}

export function Overview() {
  const state = useStore(fleetStore);
  const phase = useStore(connectionStore, (connection) => connection.phase);
  if (state.sequence === 0) {
    return <Empty title={phase === 'reconnecting' ? 'The coordinator does not answer yet.' : 'Waiting for the first figures…'} />;
  }
  if (state.ids.length === 0) {
    return (
      <Empty title="There are no nodes yet.">
        <p>
          Invite one with <Code>p2p-ca invite NAME --role worker</Code>, then run <Code>p2p-node join</Code> there.
        </p>
      </Empty>
    );
  }
  const troubled = troubledNodes(state);
  return (
    <div class="overview">
      <Verdict state={state} />
      {troubled.length > 0 && (
        <section aria-label="What needs attention">
          <ul class="troubles">
            {troubled.slice(0, kMostTroubles).map(([id, node]) => (
              <Trouble key={id} id={id} node={node} />
            ))}
          </ul>
          {troubled.length > kMostTroubles && (
            <p class="more">
              <a href={link('nodes', undefined, { health: 'trouble' })}>All {count(troubled.length, 'node')} that need attention</a>
            </p>
          )}
        </section>
      )}
      <Tiles state={state} />
      <FleetCharts state={state} />
      <Cards state={state} />
    </div>
  );
}
