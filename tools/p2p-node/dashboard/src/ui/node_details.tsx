// One node: what is wrong with it, what it is, what runs on it, how it was lately.
import { escapeControls } from '../state/escape';
import { lastingText } from '../state/fleet';
import { formatBytes, formatClock, formatDateTime, formatDuration, formatMs, formatNumber, kUnknown } from '../state/format';
import type { LogRecord, NodeEntry } from '../state/protocol';
import { link } from '../state/route';
import { fleetStore, useSlowNow } from './app_state';
import { LifeBar } from './life_bar';
import { NodeProblems } from './node_problems';
import { RangeChoice, StoredCharts, useRange } from './fleet_charts';
import { seenWords } from './node_table';
import { Empty, Fact, Meter, Pill, Problem, nodeWord, shareOf, toneOfNode } from './parts';
import { PlaceRow, placeColumns } from './service_places';
import { olderLogs } from '../net/logs';
import { useLoaded } from './use_answer';
import { useStore } from './store';
import { VirtualTable } from './virtual_table';

const kServiceColumns = placeColumns('Service');

function Facts({ id, node, now }: { id: string; node: NodeEntry; now: number }) {
  return (
    <dl class="facts">
      <Fact name="Role">{node.role}</Fact>
      <Fact name="Version">{node.version ?? kUnknown}</Fact>
      <Fact name="Addresses">
        <span class="mono">{node.addresses?.join(', ') || kUnknown}</span>
      </Fact>
      <Fact name="Linked to">
        {node.linked_to && node.linked_to.length > 0
          ? node.linked_to.map((id, i) => (
              <span key={id}>
                {i > 0 && ', '}
                <a href={link('nodes', id)}>{id}</a>
              </span>
            ))
          : 'no node'}
      </Fact>
      <Fact name="Running">{node.started_at ? `${formatDuration(now - Date.parse(node.started_at))}, since ${formatDateTime(node.started_at)}` : kUnknown}</Fact>
      <Fact name="Last seen">{seenWords(node, now)}</Fact>
      <Fact name="Load">
        {formatNumber(node.load1)} of {node.cores ?? kUnknown} cores
      </Fact>
      <Fact name="Memory">
        <Meter share={shareOf(node.memory_used, node.memory_total)} />{' '}
        <span class="muted">
          {formatBytes(node.memory_used)} of {formatBytes(node.memory_total)}; the node itself {formatBytes(node.rss)}
        </span>
      </Fact>
      <Fact name="Disk">
        <Meter share={shareOf(node.disk_used, node.disk_total)} />{' '}
        <span class="muted">
          {formatBytes(node.disk_used)} of {formatBytes(node.disk_total)}
        </span>
      </Fact>
      <Fact name="Clock">{node.clock_offset_ms === undefined ? kUnknown : `${formatMs(Math.abs(node.clock_offset_ms))} ${node.clock_offset_ms < 0 ? 'behind' : 'ahead'}`}</Fact>
      {node.certificate && (
        <Fact name="Certificate">
          <LifeBar certificate={node.certificate} now={now} />{' '}
          <a class="mono" href={link('certificates', undefined, { q: id })} title={`All certificates of ${id}`}>
            {node.certificate.serial}
          </a>
        </Fact>
      )}
    </dl>
  );
}

function ErrorLine({ record }: { record: LogRecord }) {
  return (
    <li>
      <a href={link('logs', undefined, { node: record.node_id, at: record.cursor })} class="error-line mono">
        <span class="muted">{formatClock(record.timestamp)}</span>{' '}
        <span class={`level ${record.level}`}>{record.level}</span> {escapeControls(lastingText(record, 300))}
      </a>
    </li>
  );
}

/** `newest` is what is known of the last error: another one loads the list again. */
function LastErrors({ id, newest }: { id: string; newest: string }) {
  const { answer, failure, reload } = useLoaded(() => olderLogs({ node_id: id, level: 'ERROR' }, undefined, 8), `${id} ${newest}`);
  if (failure) return <Problem text={`The last errors cannot be shown: ${failure}.`} retry={reload} />;
  if (!answer) return <p class="muted">Loading…</p>;
  if (answer.logs.length === 0) return <p class="muted">It has logged no error.</p>;
  return (
    <ul class="error-lines">
      {[...answer.logs].reverse().map((record) => (
        <ErrorLine key={record.cursor} record={record} />
      ))}
    </ul>
  );
}

function Services({ id, node }: { id: string; node: NodeEntry }) {
  const services = Object.entries(node.services ?? {});
  if (services.length === 0) return <p class="muted">{node.status === 'alive' ? 'It runs no services of its own.' : 'What it ran is not known.'}</p>;
  return (
    <VirtualTable
      label={`Services of ${id}`}
      columns={kServiceColumns}
      rows={services}
      row={([name, service]) => <PlaceRow key={name} name={name} node={id} service={service} status={node.status} shows="service" />}
    />
  );
}

export function NodeDetails({ id, back }: { id: string; back: string }) {
  const node = useStore(fleetStore, (state) => state.nodes.get(id));
  const isKnown = useStore(fleetStore, (state) => state.sequence > 0);
  const now = useSlowNow();
  const range = useRange();
  if (!node) {
    return (
      <aside class="details" aria-label={`Node ${id}`}>
        <a class="close" href={back} aria-label="Close">
          ×
        </a>
        <Empty title={isKnown ? `There is no node “${id}”.` : 'Waiting for the first figures…'} />
      </aside>
    );
  }
  return (
    <aside class="details" aria-label={`Node ${id}`}>
      <div class="details-head">
        <h1>{id}</h1>
        <Pill tone={toneOfNode(node)}>{nodeWord(node)}</Pill>
        <a class="button small" href={link('logs', undefined, { node: id })}>
          Logs
        </a>
        <a class="close" href={back} aria-label="Close">
          ×
        </a>
      </div>
      {node.problems && node.problems.length > 0 && <NodeProblems id={id} node={node} class={`boxed ${toneOfNode(node)}`} />}
      <h2>Services</h2>
      <Services id={id} node={node} />
      <h2>Last errors</h2>
      <LastErrors id={id} newest={node.last_error?.cursor ?? ''} />
      <div class="section-head">
        <h2>Over time</h2>
        <RangeChoice range={range} />
      </div>
      <StoredCharts node={id} range={range} />
      <h2>About it</h2>
      <Facts id={id} node={node} now={now} />
    </aside>
  );
}
