// What the CA of the fleet has signed, how much of each life is left, and taking one back.
import { useState } from 'preact/hooks';
import { Failure, call } from '../net/http';
import { compareNames } from '../state/fleet';
import { count, formatDateTime, formatDuration, formatNumber } from '../state/format';
import { lifeOf, useOf } from '../state/certificate_life';
import type { IssuedCertificate, NodeEntry } from '../state/protocol';
import { link } from '../state/route';
import { matchesWords } from '../state/search';
import { canChange, fleetStore, nowStore, routeStore, sessionStore, setParams } from './app_state';
import { ask } from './confirm';
import { Choice, TextField } from './fields';
import { LifeBar, toneOfLife } from './life_bar';
import { nextSort, sortOf } from './nodes_tab';
import { say } from './notice';
import { Empty, Pill, Problem, kViewerMay, memo } from './parts';
import { useStore } from './store';
import { useLoaded } from './use_answer';
import { VirtualTable, type Column } from './virtual_table';

const kRefreshMs = 60_000;

const kColumns: readonly Column[] = [
  { key: 'name', title: 'Name', isSortable: true },
  { key: 'role', title: 'Role', isSortable: true, isWide: true },
  { key: 'state', title: 'State' },
  { key: 'life', title: 'Life', isSortable: true },
  { key: 'expires', title: 'Valid until', isSortable: true },
  { key: 'issued', title: 'Issued by', isWide: true },
  { key: 'serial', title: 'Serial', isWide: true },
  { key: 'actions', title: 'Actions' },
];

const kStates = [
  { value: '', title: 'valid' },
  { value: 'expiring', title: 'to be renewed' },
  { value: 'all', title: 'all, also expired and revoked' },
];

const kReasons = [
  { value: 'unspecified', title: 'not said' },
  { value: 'keyCompromise', title: 'its key was seen by others' },
  { value: 'superseded', title: 'replaced by another' },
  { value: 'cessationOfOperation', title: 'no longer in use' },
];

/** What ends with a certificate, for the question. */
function effects(certificate: IssuedCertificate): string[] {
  const node = fleetStore.get().nodes.get(certificate.name);
  const services = Object.keys(node?.services ?? {});
  if (certificate.role === 'operator') {
    const session = sessionStore.get();
    const isOwn = session !== undefined && 'role' in session && session.subject === certificate.name;
    return [
      'The operator is refused from now on, with all tokens and dashboard sessions.',
      ...(isOwn ? ['It is you: this page and your tools are refused as well.'] : []),
    ];
  }
  if (node?.certificate && node.certificate.serial !== certificate.serial) return ['The node has another one by now, and goes on with that.'];
  if (!node) return ['Whoever shows it is refused from now on.'];
  return [
    `The node is refused by all others from now on, with its tokens; it must be invited anew.`,
    services.length > 0 ? `Its services go with it: ${services.join(', ')}.` : 'It runs no services.',
    ...(node.role === 'coordinator' ? ['It is the coordinator: the fleet loses its logs, this page and its CA.'] : []),
  ];
}

function RevokeBody({ certificate, onReason }: { certificate: IssuedCertificate; onReason: (reason: string) => void }) {
  const [reason, setReason] = useState('unspecified');
  return (
    <>
      <ul class="effects">
        {effects(certificate).map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
        <li>This cannot be undone.</li>
      </ul>
      <p class="mono muted">{certificate.serial}</p>
      <label class="inline-label">
        Reason{' '}
        <Choice
          label="Reason"
          value={reason}
          choices={kReasons}
          onChange={(value) => {
            setReason(value);
            onReason(value);
          }}
        />
      </label>
    </>
  );
}

function askRevoke(certificate: IssuedCertificate, done: () => void): void {
  let reason = 'unspecified';
  ask({
    title: `Revoke the certificate of ${certificate.name}?`,
    body: <RevokeBody certificate={certificate} onReason={(value) => (reason = value)} />,
    action: 'Revoke it',
    isDangerous: true,
    run: async () => {
      await call('certs.revoke', { target: certificate.serial, reason });
      say(`The certificate of ${certificate.name} was revoked.`);
      done();
    },
  });
}

const kMethodNotFound = -32601;

export function askRenew(name: string, done = () => {}): void {
  ask({
    title: `Renew the certificate of ${name} now?`,
    body: <p>The node asks the CA for a new certificate and uses it from then on. Connections stay; the old certificate stays valid until it expires.</p>,
    action: 'Renew it',
    run: async () => {
      let serial: string;
      try {
        ({ serial } = await call<{ serial: string }>('certificate.renew', {}, `node:${name}`));
      } catch (error) {
        if ((error as Failure).code !== kMethodNotFound) throw error;
        throw new Error('This node cannot renew on request; it renews by itself when a third of the life is left.');
      }
      say(`${name} has a new certificate, ${serial}.`);
      done();
    },
  });
}

interface RowProps {
  certificate: IssuedCertificate;
  /** The clock in minutes: a life moves no faster. */
  now: number;
  use: ReturnType<typeof useOf>;
  /** The node could get another one. */
  isRenewable: boolean;
  mayChange: boolean;
  reload: () => void;
}

const Row = memo(function Row({ certificate, now, use, isRenewable, mayChange, reload }: RowProps) {
  const life = lifeOf(certificate, now);
  const isGood = life.state === 'valid' || life.state === 'expiring';
  const isPast = isGood && use === 'superseded';
  const refusal = mayChange ? undefined : kViewerMay;
  return (
    <tr class={isPast || (!isGood && use !== 'in use') ? 'past' : ''}>
      <th scope="row">
        {certificate.name}{' '}
        {use === 'in use' && <span class="tag kept">in use</span>}
      </th>
      <td class="wide">{certificate.role}</td>
      <td>
        <Pill tone={isPast ? 'off' : toneOfLife(life.state)}>{isPast ? 'superseded' : life.state}</Pill>
      </td>
      <td class="full">
        <LifeBar certificate={certificate} now={now} />
      </td>
      <td class="full" title={`${formatDuration(life.leftMs)} left`}>{formatDateTime(certificate.not_after)}</td>
      <td class="wide clip">{certificate.issued_by ?? '–'}</td>
      <td class="wide mono clip" title={certificate.serial}>
        {certificate.serial}
      </td>
      <td class="actions">
        {life.state !== 'revoked' && life.state !== 'expired' && (
          <>
            {isRenewable && (
              <button type="button" class="button small" disabled={!mayChange} title={refusal} onClick={() => askRenew(certificate.name, reload)}>
                Renew
              </button>
            )}
            <button type="button" class="button small" disabled={!mayChange} title={refusal} onClick={() => askRevoke(certificate, reload)}>
              Revoke
            </button>
          </>
        )}
      </td>
    </tr>
  );
});

/** Whatever the order, those that a node has replaced come last. */
function sorted(list: IssuedCertificate[], nodes: ReadonlyMap<string, NodeEntry>, key: string, isDown: boolean, now: number): IssuedCertificate[] {
  const sign = isDown ? -1 : 1;
  const isPast = (one: IssuedCertificate) => Number(useOf(one, nodes.get(one.name)) === 'superseded');
  const compare = (a: IssuedCertificate, b: IssuedCertificate): number => {
    if (key === 'life') return lifeOf(a, now).left - lifeOf(b, now).left;
    if (key === 'expires') return Date.parse(a.not_after) - Date.parse(b.not_after);
    return key === 'role' ? compareNames(a.role, b.role) : compareNames(a.name, b.name);
  };
  return [...list].sort((a, b) => isPast(a) - isPast(b) || sign * compare(a, b) || compareNames(a.name, b.name));
}

export function CertificatesTab() {
  const { params } = useStore(routeStore);
  const { q = '', state = '', sort: sortText } = params;
  const nodes = useStore(fleetStore, (fleet) => fleet.nodes);
  const now = useStore(nowStore, (time) => Math.floor((time || Date.now()) / 60_000) * 60_000);
  const isOperator = useStore(sessionStore, canChange);
  const { answer, failure, reload } = useLoaded(
    (signal) => Promise.all((state === 'all' ? [{ all: true }] : [{}, { revoked: true }]).map((which) => call<IssuedCertificate[]>('certs.list', which, undefined, signal))),
    `certs ${state === 'all'}`,
    kRefreshMs,
  );
  const sort = sortOf(sortText, 'life');
  const [all = [], revoked = []] = answer ?? [];
  const fitsWords = (one: IssuedCertificate) => matchesWords(`${one.name} ${one.role} ${one.serial}`, q);
  const hidden = revoked.filter(fitsWords).length;
  const rows = sorted(
    all.filter(
      (one) =>
        (state !== 'expiring' || (lifeOf(one, now).state === 'expiring' && useOf(one, nodes.get(one.name)) !== 'superseded')) && fitsWords(one),
    ),
    nodes,
    sort.key,
    sort.isDown,
    now,
  );
  return (
    <div>
      <div class="toolbar">
        <TextField label="Search certificates" value={q} onChange={(value) => setParams({ q: value })} />
        <Choice label="Which" value={state} choices={kStates} onChange={(value) => setParams({ state: value })} />
        <button type="button" class="button" onClick={reload}>
          Reload
        </button>
        {answer && (
          <span class="muted toolbar-count">
            {count(rows.length, 'certificate')}
            {hidden > 0 && (
              <>
                , <a href={link('certificates', undefined, { ...params, state: 'all' })}>{formatNumber(hidden)} revoked hidden</a>
              </>
            )}
          </span>
        )}
      </div>
      {!isOperator && <p class="muted hint">{kViewerMay}</p>}
      {failure && <Problem text={`The certificates cannot be shown: ${failure}.`} retry={reload} />}
      {!answer && !failure && <p class="muted">Loading…</p>}
      {rows.length > 0 && (
        <VirtualTable
          label="Certificates"
          columns={kColumns}
          rows={rows}
          blockHeight={136}
          sort={sort}
          onSort={(key) => setParams({ sort: nextSort(sort, key, ['name', 'role', 'expires']) })}
          row={(one) => {
            const node = nodes.get(one.name);
            const use = useOf(one, node);
            return (
              <Row
                key={one.serial}
                certificate={one}
                now={now}
                use={use}
                isRenewable={node !== undefined && use !== 'superseded'}
                mayChange={isOperator}
                reload={reload}
              />
            );
          }}
        />
      )}
      {answer && rows.length === 0 && (
        <Empty title={state === 'expiring' && q === '' ? 'No certificate is waiting to be renewed.' : 'No certificate fits this search.'}>
          <button type="button" class="button" onClick={() => setParams({ q: '', state: '' })}>
            Show all that are valid
          </button>
        </Empty>
      )}
      <p class="muted footnote">The bar is what is left of a life. A node renews by itself when a third is left (the mark in it), however long the life is.</p>
    </div>
  );
}
