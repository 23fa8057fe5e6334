// One service: where it runs, and its methods, which can be called from here.
import { useRef } from 'preact/hooks';
import { call } from '../net/http';
import { escapeControls } from '../state/escape';
import { count } from '../state/format';
import type { ServiceDescription } from '../state/protocol';
import { link, withParams } from '../state/route';
import { serviceLogs, troublesOf, type FleetService, type Place } from '../state/services';
import { canChange, fleetStore, goTo, routeStore, sessionStore, setParams } from './app_state';
import { CallForm } from './call_form';
import { Choice } from './fields';
import { Code, Empty, Pill, Problem, kViewerMay, toneOfService, type Tone } from './parts';
import { PlaceRow, placeColumns } from './service_places';
import { useStore } from './store';
import { useLoaded } from './use_answer';
import { VirtualTable } from './virtual_table';

const kColumns = placeColumns('Node');

function Methods({ name, places, isOperator }: { name: string; places: Place[]; isOperator: boolean }) {
  const chosen = useStore(routeStore, (route) => route.params.on ?? '');
  const reachable = places.filter((place) => place.isReachable);
  const best = reachable.find((place) => place.service.state === 'running') ?? reachable[0];
  // A form that is filled in stays with its node, whatever happens to that meanwhile.
  const kept = useRef('');
  const node = [chosen, kept.current].find((one) => reachable.some((place) => place.node === one)) ?? best?.node;
  kept.current = node ?? '';
  const { answer, failure, reload } = useLoaded(
    (signal) => (node ? call<ServiceDescription>('services.describe', { name }, `node:${node}`, signal) : Promise.reject(new Error('no node that has it can be reached'))),
    `${name} ${node}`,
  );
  const open = useStore(routeStore, (route) => route.params.call);
  if (failure) return <Problem text={`Its methods cannot be shown: ${failure}.`} retry={reload} />;
  if (!answer) return <p class="muted">Loading…</p>;
  return (
    <>
      {answer.description && <p>{answer.description}</p>}
      {reachable.length > 1 && (
        <label class="inline-label">
          Call it on{' '}
          <Choice
            label="Node that is called"
            value={node ?? ''}
            choices={reachable.map((place) => ({ value: place.node, title: place.node }))}
            onChange={(value) => goTo(withParams(routeStore.get(), { on: value }))}
          />
        </label>
      )}
      {answer.methods.length === 0 && <p class="muted">It has no methods.</p>}
      <ul class="methods">
        {answer.methods.map((method) => (
          <li key={method.name}>
            <div class="method-head">
              <Code>{method.name}</Code>
              <span class="muted">{method.description}</span>
              <button
                type="button"
                class="button small"
                aria-expanded={open === method.name}
                disabled={!isOperator}
                title={isOperator ? undefined : kViewerMay}
                onClick={() => setParams({ call: open === method.name ? '' : method.name })}
              >
                {open === method.name ? 'Close' : 'Call…'}
              </button>
            </div>
            {open === method.name && isOperator && node && <CallForm key={node} service={name} node={node} method={method} />}
          </li>
        ))}
      </ul>
    </>
  );
}

const kMostReasons = 5;

/** Why it does not run, where it does not, and which methods fail. */
function Reasons({ name, places, tone }: { name: string; places: Place[]; tone: Tone }) {
  const troubled = places.filter((place) => place.isKnown && troublesOf(place.service).length > 0);
  if (troubled.length === 0) return null;
  return (
    <ul class={`reasons boxed ${tone}`} aria-label="What is wrong with it">
      {troubled.slice(0, kMostReasons).flatMap(({ node, service }) =>
        troublesOf(service).map((trouble) => (
          <li key={node + trouble}>
            <b>{node}</b>: {escapeControls(trouble)} <a href={serviceLogs(node, [name])}>Its log lines →</a>
          </li>
        )),
      )}
      {troubled.length > kMostReasons && <li class="plain">and {count(troubled.length - kMostReasons, 'more node', 'more nodes')}</li>}
    </ul>
  );
}

export function ServiceDetails({ name, service, back }: { name: string; service: FleetService | undefined; back: string }) {
  const isKnown = useStore(fleetStore, (state) => state.sequence > 0);
  const isOperator = useStore(sessionStore, canChange);
  const nodes = useStore(fleetStore, (state) => state.nodes);
  return (
    <aside class="details" aria-label={`Service ${name}`}>
      <div class="details-head">
        <h1>{name}</h1>
        {service && <Pill tone={toneOfService(service.worst)}>{service.words}</Pill>}
        <a class="button small" href={link('logs', undefined, { logger: `Service.${name}` })}>
          Logs
        </a>
        <a class="close" href={back} aria-label="Close">
          ×
        </a>
      </div>
      {!service && <Empty title={isKnown ? `No node has a service “${name}”.` : 'Waiting for the first figures…'} />}
      {service && (
        <>
          <h2>Where it runs</h2>
          {!isOperator && <p class="muted">{kViewerMay}</p>}
          <Reasons name={name} places={service.places} tone={toneOfService(service.worst)} />
          <VirtualTable
            label={`Nodes with ${name}`}
            columns={kColumns}
            rows={service.places}
            row={({ node, service: one }) => <PlaceRow key={node} name={name} node={node} service={one} status={nodes.get(node)!.status} shows="node" />}
          />
          <h2>Methods</h2>
          <Methods name={name} places={service.places} isOperator={isOperator} />
        </>
      )}
    </aside>
  );
}
