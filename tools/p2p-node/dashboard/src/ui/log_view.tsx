// The lines in sight of the log book. All text becomes text nodes, with control characters escaped.
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import { escapeControls } from '../state/escape';
import { count, formatClock, formatDateTime } from '../state/format';
import { isGap, type GapRow, type LogRow } from '../state/log_book';
import { markMatches, textLine, type LogFilter } from '../state/log_filter';
import type { LogRecord } from '../state/protocol';
import { rowsInSight } from '../state/window_rows';
import { copy } from './clipboard';
import type { LogFeed } from './log_feed';
import { memo } from './parts';
import { kNarrow, useMedia } from './use_media';
import { useStore } from './store';

/** Row numbers of the first and last chosen line; `anchor` is where choosing began. */
export interface Selection {
  anchor: number;
  head: number;
}

const kRowHeight = 21;
const kNarrowRowHeight = 40;
/** So near to an edge more is loaded. */
const kNearRows = 60;
const kShownCharacters = 600;

function Message({ record, filter }: { record: LogRecord; filter: LogFilter }) {
  const text = escapeControls(record.message.length > kShownCharacters ? `${record.message.slice(0, kShownCharacters)}…` : record.message);
  if (!filter.text) return <span class="line-message">{text}</span>;
  return (
    <span class="line-message">
      {markMatches(text, filter).map(([part, isMatch], i) => (isMatch ? <mark key={i}>{part}</mark> : part))}
    </span>
  );
}

const Line = memo(function Line({ row, top, number, isChosen, filter }: {
  row: LogRow;
  top: number;
  number: number;
  isChosen: boolean;
  filter: LogFilter;
}) {
  const place = { transform: `translateY(${top}px)` };
  if (isGap(row)) {
    return (
      <div class="line gap" style={place} role="option" aria-selected={isChosen} id={`line-${number}`} data-number={number}>
        {gapText(row)}
      </div>
    );
  }
  return (
    <div class={`line ${row.level}${isChosen ? ' chosen' : ''}`} style={place} role="option" aria-selected={isChosen} id={`line-${number}`} data-number={number}>
      <span class="line-time" title={row.timestamp}>
        {formatClock(row.timestamp)}
      </span>{' '}
      <span class={`level ${row.level}`}>{row.level.padEnd(8)}</span> <span class="line-node">{escapeControls(row.node_id)}</span>{' '}
      <span class="line-logger">{escapeControls(row.logger_name)}</span> <Message record={row} filter={filter} />
    </div>
  );
});

function gapText(gap: GapRow): string {
  const lines = count(gap.skipped, 'line');
  if (gap.state === 'loading') return `loading ${lines}…`;
  if (gap.state === 'failed') return `${lines} could not be loaded; click to try again`;
  return `${lines} came faster than this page could take them; click to load`;
}

export function chosenRecords(feed: LogFeed, selection: Selection | undefined): LogRecord[] {
  if (!selection) return [];
  const from = Math.min(selection.anchor, selection.head);
  const to = Math.max(selection.anchor, selection.head) + 1;
  return feed.book.rows.slice(from, to).filter((row): row is LogRecord => !isGap(row));
}

export function copyText(feed: LogFeed, selection: Selection | undefined): string {
  return chosenRecords(feed, selection)
    .map((record) => escapeControls(textLine(record)))
    .join('\n');
}

interface Props {
  feed: LogFeed;
  filter: LogFilter;
  selection: Selection | undefined;
  onSelect: (selection: Selection | undefined) => void;
  onFollow: (isFollowing: boolean) => void;
}

/** Draws at most once a frame, however often lines come. */
function useFrames(feed: LogFeed): void {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    let frame = 0;
    const stop = feed.version.subscribe(() => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        redraw(undefined as never);
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [feed]);
}

export function LogView({ feed, filter, selection, onSelect, onFollow }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const begin = useRef(feed.book.rows.begin);
  const target = useStore(feed.target);
  const drawnTop = useRef(-1);
  const rowHeight = useMedia(kNarrow) ? kNarrowRowHeight : kRowHeight;
  useFrames(feed);

  const { rows } = feed.book;
  const height = box.current?.clientHeight ?? 600;
  const isFollowing = feed.isFollowing;
  // Rows that came or went at the beginning move the others; the view stays with what it shows.
  const shift = (begin.current - rows.begin) * rowHeight;
  const top = isFollowing ? Math.max(0, rows.length * rowHeight - height) : Math.max(0, (box.current?.scrollTop ?? 0) + shift);
  const sight = rowsInSight(rows.length, rowHeight, top, height);

  useLayoutEffect(() => {
    const element = box.current!;
    begin.current = rows.begin;
    // Asking where it is would lay all out at once, so it is not asked for while the same place is kept.
    if (isFollowing ? top !== drawnTop.current : shift !== 0) element.scrollTop = top;
    drawnTop.current = top;
  });

  // What is chosen stays in sight when the box gets smaller, as by the details that open below it.
  const head = selection?.head;
  const boxHeight = box.current?.clientHeight;
  useLayoutEffect(() => {
    if (head === undefined || feed.isFollowing) return;
    keepInSight(box.current!, (head - rows.begin) * rowHeight, rowHeight);
    // Not somebody's hand either: at the end of the list it would follow the newest again.
    if (Math.abs(box.current!.scrollTop - top) < 1) return;
    drawnTop.current = box.current!.scrollTop;
    redraw(undefined as never);
  }, [head, boxHeight]);
  useEffect(() => {
    const watch = new ResizeObserver(() => redraw(undefined as never));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (target === undefined) return;
    for (let number = rows.begin; number < rows.end; ++number) {
      const row = rows.at(number)!;
      if (isGap(row) || row.cursor !== target) continue;
      const element = box.current!;
      element.scrollTop = (number - rows.begin) * rowHeight - element.clientHeight / 2;
      drawnTop.current = element.scrollTop; // nor is this somebody's hand: in a short list it is the end, too
      onSelect({ anchor: number, head: number });
      break;
    }
  }, [target]);

  useEffect(() => {
    if (isFollowing) return;
    if (sight.from < kNearRows) void feed.loadOlder();
    if (sight.to > rows.length - kNearRows) void feed.loadNewer();
  });

  const onScroll = () => {
    const element = box.current;
    // It may come once more after the view was left.
    if (element === null) return;
    // This was not somebody's hand, but the line above that sets it.
    if (Math.abs(element.scrollTop - drawnTop.current) < 1) return;
    const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight;
    onFollow(isAtEnd && feed.book.isLive);
    redraw(undefined as never);
  };

  const choose = (number: number, isExtending: boolean) => {
    onSelect(isExtending && selection ? { anchor: selection.anchor, head: number } : { anchor: number, head: number });
    onFollow(false);
  };

  const onClick = (event: MouseEvent) => {
    const line = (event.target as HTMLElement).closest<HTMLElement>('[data-number]');
    if (!line || (!event.shiftKey && getSelection()?.isCollapsed === false)) return;
    const number = Number(line.dataset.number);
    const row = rows.at(number);
    if (row && isGap(row)) return void (row.state !== 'loading' && feed.loadGap(row));
    const isSame = selection?.anchor === number && selection.head === number && !event.shiftKey;
    if (isSame) onSelect(undefined);
    else choose(number, event.shiftKey);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const from = selection?.head ?? (step < 0 ? rows.end : rows.begin - 1);
      const number = Math.min(rows.end - 1, Math.max(rows.begin, from + step));
      if (rows.length > 0) choose(number, event.shiftKey);
      keepInSight(box.current!, (number - rows.begin) * rowHeight, rowHeight);
    } else if (event.key === 'Enter' && selection) {
      const row = rows.at(selection.head);
      if (row && isGap(row)) void feed.loadGap(row);
    } else if (event.key === 'Escape') {
      onSelect(undefined);
    } else {
      return;
    }
    event.preventDefault();
  };

  const onCopy = (event: ClipboardEvent) => {
    if (!selection || getSelection()?.isCollapsed === false) return;
    event.clipboardData?.setData('text/plain', copyText(feed, selection));
    event.preventDefault();
  };

  const isIn = (number: number) =>
    selection !== undefined && number >= Math.min(selection.anchor, selection.head) && number <= Math.max(selection.anchor, selection.head);

  return (
    <div
      class="log-box"
      ref={box}
      role="listbox"
      aria-label="Log lines"
      aria-multiselectable="true"
      aria-activedescendant={selection ? `line-${selection.head}` : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onClick={onClick}
      onKeyDown={onKeyDown}
      onCopy={onCopy}
    >
      <div class="log-space" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(rows.begin + sight.from, rows.begin + sight.to).map((row, i) => {
          const number = rows.begin + sight.from + i;
          // Not keyed by number: an element is used again for another line, which is cheaper than a new one.
          return <Line key={i} row={row} number={number} top={(sight.from + i) * rowHeight} isChosen={isIn(number)} filter={filter} />;
        })}
      </div>
    </div>
  );
}

function keepInSight(box: HTMLElement, top: number, rowHeight: number): void {
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
}

/** All of one record, the message with its lines. */
export function LineDetails({ record, onClose }: { record: LogRecord; onClose: () => void }) {
  const facts: [string, string | number | undefined][] = [
    ['Made', formatDateTime(record.timestamp)],
    ['Received', record.received_at && formatDateTime(record.received_at)],
    ['Node', record.node_id],
    ['Logger', record.logger_name],
    ['Where', [record.module, record.function, record.line].filter(Boolean).join(', ')],
    ['Trace', record.trace_id],
  ];
  return (
    <section class="line-details" aria-label="The chosen line">
      <button type="button" class="close" onClick={onClose} aria-label="Close">
        ×
      </button>
      <pre class="mono" tabIndex={0} aria-label="Message">
        {record.message.split('\n').map(escapeControls).join('\n')}
        {record.attrs && `\n${escapeControls(JSON.stringify(record.attrs))}`}
      </pre>
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value !== undefined &&
            value !== '' && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{escapeControls(String(value))}</dd>
              </div>
            ),
        )}
        <div>
          <dt>Cursor</dt>
          <dd>
            <span class="mono">{record.cursor}</span>{' '}
            <button type="button" class="button small" onClick={() => copy(record.cursor, 'The cursor is copied.')}>
              Copy
            </button>
          </dd>
        </div>
      </dl>
    </section>
  );
}
