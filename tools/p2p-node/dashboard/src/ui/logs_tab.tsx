// The logs of all nodes, live and stored.
import { useEffect, useState } from 'preact/hooks';
import { count, formatDateTime } from '../state/format';
import { filterOf, isEmptyFilter, paramsOf, type LogFilter } from '../state/log_filter';
import { kLevels, type Level } from '../state/protocol';
import { logSources } from '../net/logs';
import { connectionStore, fleetStore, logFeed, nowStore, routeStore, setParams } from './app_state';
import { copy } from './clipboard';
import { Choice, TextField } from './fields';
import { LineDetails, LogView, chosenRecords, copyText, type Selection } from './log_view';
import { Code, Empty, Problem } from './parts';
import { useStore, useThrottled } from './store';
import { useLoaded } from './use_answer';

const kLevelChoices = [
  { value: '', title: 'all levels' },
  ...kLevels.slice(1).map((level) => ({ value: level as string, title: level === 'CRITICAL' ? level : `${level} and above` })),
];

/** What the field of a time gives, in this browser's zone, as RFC 3339. */
function instantOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** Pauses or resumes the view, while there is one. */
export const pause: { toggle?: () => void } = {};

function JumpToTime() {
  const [local, setLocal] = useState('');
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const at = instantOf(local);
        if (at) setParams({ at });
      }}
    >
      <input
        class="field"
        type="datetime-local"
        step="1"
        aria-label="Jump to a time"
        title="Jump to a time, in this browser's zone"
        value={local}
        onInput={(event) => setLocal(event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={local === ''}>
        Jump
      </button>
    </form>
  );
}

function Filters({ filter }: { filter: LogFilter }) {
  const ids = useStore(fleetStore, (state) => state.ids);
  const { answer } = useLoaded(() => logSources(), 'sources');
  const change = (changes: Partial<LogFilter>) => setParams({ ...paramsOf({ ...filter, ...changes }), at: '' });
  return (
    <>
      <Choice
        label="Least level"
        value={filter.level === 'DEBUG' ? '' : filter.level}
        choices={kLevelChoices}
        onChange={(level) => change({ level: level as Level | '' })}
      />
      <TextField label="Nodes" placeholder="Node: web-*" value={filter.node} suggestions={ids} onChange={(node) => change({ node })} />
      <TextField label="Loggers" placeholder="Logger: App.*" value={filter.logger} suggestions={answer?.loggers} onChange={(logger) => change({ logger })} />
      <TextField
        label={filter.isRegex ? 'Search by expression' : 'Search text'}
        placeholder={filter.isRegex ? 'Expression' : 'Message text'}
        value={filter.text}
        onChange={(text) => change({ text })}
        isCode={filter.isRegex}
      />
      <button
        type="button"
        class="button toggle"
        aria-pressed={filter.isRegex}
        title="Search by a regular expression (RE2)"
        disabled={filter.text === ''}
        onClick={() => change({ isRegex: !filter.isRegex })}
      >
        .*
      </button>
      {!isEmptyFilter(filter) && (
        <button type="button" class="button" onClick={() => change(filterOf({}))}>
          Clear
        </button>
      )}
    </>
  );
}

function Status({ isFollowing, onFollow }: { isFollowing: boolean; onFollow: () => void }) {
  useThrottled(logFeed.version, 200);
  const { book } = logFeed;
  return (
    <div class="log-status">
      <span class="muted">
        {isFollowing && book.isLive ? 'Live' : book.isLive ? 'Paused' : 'In the past'} · {count(book.rows.length, 'line')} here
        {book.skipped > 0 && ` · ${count(book.skipped, 'line')} counted in gaps`}
        {book.older === 'loading' && ' · loading older ones…'}
        {book.older === 'none' && ' · from the oldest on'}
        {book.newer === 'loading' && ' · loading newer ones…'}
      </span>
      {(book.older === 'failed' || book.newer === 'failed') && (
        <button type="button" class="button small" onClick={() => logFeed.retryEdges()}>
          Loading failed; try again
        </button>
      )}
      {!(isFollowing && book.isLive) && (
        <button type="button" class="button small primary" onClick={onFollow}>
          Go to the newest ↓
        </button>
      )}
    </div>
  );
}

/** What the nearest lines are shown for. */
function EmptyTime() {
  useThrottled(logFeed.version, 50);
  const { book } = logFeed;
  if (book.emptyTime === '') return null;
  const isFuture = Date.parse(book.emptyTime) > (nowStore.get() || Date.now());
  return (
    <p class="log-note" role="status">
      {isFuture
        ? `${formatDateTime(book.emptyTime)} has not come yet. The newest lines are below.`
        : `Nothing was logged at ${formatDateTime(book.emptyTime)}. The nearest line is chosen below.`}
    </p>
  );
}

function NoLines({ filter }: { filter: LogFilter }) {
  const isStored = useStore(fleetStore, (state) => state.fleet.logs_stored !== false);
  const phase = useStore(connectionStore, (connection) => connection.phase);
  useThrottled(logFeed.version, 50);
  const { book } = logFeed;
  if (book.failure) return <Problem text={book.failure} retry={() => logFeed.open(filter, '')} />;
  if (book.rows.length > 0) return null;
  if (!book.hasBegun) return <Empty title={phase === 'reconnecting' ? 'The coordinator does not answer; trying again.' : 'Loading…'} />;
  if (!isStored) {
    return (
      <Empty title="This coordinator keeps no logs.">
        <p>
          Its log says why; <Code>p2p-node doctor</Code> looks for the cause.
        </p>
      </Empty>
    );
  }
  const { node } = filter;
  return (
    <Empty title={isEmptyFilter(filter) ? 'Nothing has been logged yet.' : 'No line fits this filter yet.'}>
      <p>New ones appear here as they come.</p>
      {!isEmptyFilter({ ...filter, node: '' }) && (
        <button type="button" class="button" onClick={() => setParams(paramsOf(filterOf({ node })))}>
          Show all lines{node && ` of ${node}`}
        </button>
      )}
    </Empty>
  );
}

export function LogsTab() {
  const params = useStore(routeStore).params;
  const filter = filterOf(params);
  const at = params.at ?? '';
  const key = JSON.stringify([filter, at]);
  const [selection, setSelection] = useState<Selection>();
  const [isFollowing, setFollowing] = useState(at === '');

  useEffect(() => {
    setSelection(undefined);
    setFollowing(at === '');
    logFeed.open(filter, at);
  }, [key]);
  useEffect(() => () => logFeed.close(), []);

  const follow = (wanted: boolean) => {
    logFeed.isFollowing = wanted;
    setFollowing(wanted);
  };
  const goToNewest = () => {
    setSelection(undefined);
    if (at !== '') return setParams({ at: '' });
    if (!logFeed.book.isLive) logFeed.open(filter, '');
    follow(true);
  };
  const toggle = () => (isFollowing ? follow(false) : goToNewest());
  useEffect(() => {
    pause.toggle = toggle;
    return () => delete pause.toggle;
  });
  const records = chosenRecords(logFeed, selection);
  const closeDetails = () => {
    setSelection(undefined);
    document.querySelector<HTMLElement>('.log-box')!.focus();
  };
  return (
    <div class="logs">
      <div class="toolbar">
        <Filters filter={filter} />
        <JumpToTime />
        <button type="button" class="button" aria-pressed={!isFollowing} onClick={toggle} title="p">
          {isFollowing ? 'Pause' : 'Resume'}
        </button>
        {records.length > 0 && (
          <button type="button" class="button" onClick={() => copy(copyText(logFeed, selection), `${count(records.length, 'line')} copied.`)}>
            Copy {count(records.length, 'line')}
          </button>
        )}
      </div>
      <EmptyTime />
      <div class="log-area">
        <LogView
          key={key}
          feed={logFeed}
          filter={filter}
          selection={selection}
          onSelect={setSelection}
          onFollow={(wanted) => wanted !== logFeed.isFollowing && follow(wanted)}
        />
        <NoLines filter={filter} />
      </div>
      {records.length === 1 && <LineDetails record={records[0]!} onClose={closeDetails} />}
      <Status isFollowing={isFollowing} onFollow={goToNewest} />
    </div>
  );
}
