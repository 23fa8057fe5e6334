// The charts of the overview: the last 15 minutes from the feed, longer times from the coordinator's history.
import type { FleetState } from '../state/fleet';
import { formatMs, formatNumber, formatPercent } from '../state/format';
import type { HistoryAnswer, Points } from '../state/protocol';
import { routeStore, setParams } from './app_state';
import { Chart, type ChartLine } from './chart';
import { Problem } from './parts';
import { useAnswer } from './use_answer';
import { useStore } from './store';

export const kRanges = [
  { key: '15m', title: '15 min' },
  { key: '6h', title: '6 hours' },
  { key: '7d', title: '7 days' },
] as const;
export type Range = (typeof kRanges)[number]['key'];

/** A longer history changes with its step, so that asking more often shows nothing new. */
const kRefreshMs: Record<Range, number> = { '15m': 5000, '6h': 10_000, '7d': 60_000 };

export function RangeChoice({ range }: { range: Range }) {
  return (
    <div class="segments" role="group" aria-label="Time shown">
      {kRanges.map((one) => (
        <button
          key={one.key}
          type="button"
          aria-pressed={one.key === range}
          onClick={() => setParams({ range: one.key === '15m' ? '' : one.key })}
        >
          {one.title}
        </button>
      ))}
    </div>
  );
}

export function useRange(): Range {
  const text = useStore(routeStore, (route) => route.params.range);
  return kRanges.find((one) => one.key === text)?.key ?? '15m';
}

interface Source {
  step: number;
  end: number;
  line: (name: string, series: string, tone: ChartLine['tone']) => ChartLine;
}

function fromFeed(state: FleetState): Source {
  const { step, end, fleet } = state.history;
  return { step, end, line: (name, series, tone) => ({ name, tone, points: fleet[series] ?? [] }) };
}

export function fromAnswer(answer: HistoryAnswer): Source {
  const none: Points = [];
  return {
    step: answer.step,
    end: answer.end,
    line: (name, series, tone) => {
      const found = answer.series[series];
      return { name, tone, points: found?.mean ?? none, min: found?.min ?? none, max: found?.max ?? none };
    },
  };
}

export function ChartSet({ source, isNode = false }: { source: Source; isNode?: boolean }) {
  const { step, end, line } = source;
  return (
    <div class="charts">
      <Chart
        title="Calls/s"
        step={step}
        end={end}
        lines={[line('calls', 'calls', 'accent'), line('failed', 'errors', 'failing')]}
        format={formatNumber}
      />
      <Chart title="Latency p99" step={step} end={end} lines={[line('p99', 'p99', 'accent')]} format={formatMs} />
      <Chart title="CPU" step={step} end={end} lines={[line('cpu', 'cpu', 'accent')]} format={formatPercent} top={isNode ? 1 : 0.1} />
      <Chart title="Log lines/s" step={step} end={end} lines={[line('lines', 'logs', 'second')]} format={formatNumber} />
    </div>
  );
}

function LongCharts({ range }: { range: Range }) {
  const { answer, failure, reload } = useAnswer<HistoryAnswer>('api/history', { range }, kRefreshMs[range]);
  if (failure) return <Problem text={`The history cannot be shown: ${failure}.`} retry={reload} />;
  return answer ? <ChartSet source={fromAnswer(answer)} /> : <div class="charts loading" aria-busy="true" />;
}

export function NodeCharts({ id, range }: { id: string; range: Range }) {
  const { answer, failure, reload } = useAnswer<HistoryAnswer>('api/history', { node: id, range }, kRefreshMs[range]);
  if (failure) return <Problem text={`The history cannot be shown: ${failure}.`} retry={reload} />;
  return answer ? <ChartSet source={fromAnswer(answer)} isNode /> : <div class="charts loading" aria-busy="true" />;
}

export function FleetCharts({ state }: { state: FleetState }) {
  const range = useRange();
  return (
    <section aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">Over time</h2>
        <RangeChoice range={range} />
      </div>
      {range === '15m' ? <ChartSet source={fromFeed(state)} /> : <LongCharts range={range} />}
    </section>
  );
}
