// The charts of the overview: the last 15 minutes from the feed, longer times from the coordinator's history.
import type { FleetState } from '../state/fleet';
import { formatMs, formatNumber, formatPercent } from '../state/format';
import type { HistoryAnswer, Points } from '../state/protocol';
import { routeStore, setParams } from './app_state';
import { Chart, type ChartLine } from './chart';
import { Segments } from './fields';
import { Problem } from './parts';
import { useAnswer } from './use_answer';
import { useStore } from './store';

const kRanges = [
  { value: '15m', title: '15 min' },
  { value: '6h', title: '6 hours' },
  { value: '7d', title: '7 days' },
] as const;
type Range = (typeof kRanges)[number]['value'];

/** A longer history changes with its step, so that asking more often shows nothing new. */
const kRefreshMs: Record<Range, number> = { '15m': 5000, '6h': 10_000, '7d': 60_000 };

export function RangeChoice({ range }: { range: Range }) {
  return <Segments label="Time shown" value={range} choices={kRanges} onChange={(value) => setParams({ range: value === '15m' ? '' : value })} />;
}

export function useRange(): Range {
  const text = useStore(routeStore, (route) => route.params.range);
  return kRanges.find((one) => one.value === text)?.value ?? '15m';
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

function fromAnswer(answer: HistoryAnswer): Source {
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

function ChartSet({ source, isNode = false }: { source: Source; isNode?: boolean }) {
  const { step, end, line } = source;
  return (
    <div class="charts">
      <Chart
        title="Calls/s"
        step={step}
        end={end}
        lines={[line('calls', 'calls', 'accent'), line('failed', 'errors', 'failing')]}
        format={formatNumber}
        top={1}
      />
      <Chart title="Latency p99" step={step} end={end} lines={[line('p99', 'p99', 'accent')]} format={formatMs} />
      <Chart title="CPU" step={step} end={end} lines={[line('cpu', 'cpu', 'accent')]} format={formatPercent} top={isNode ? 1 : 0.1} />
      <Chart title="Log lines/s" step={step} end={end} lines={[line('lines', 'logs', 'second')]} format={formatNumber} top={1} />
    </div>
  );
}

/** Of a node, or of the fleet without one. */
export function StoredCharts({ node, range }: { node?: string; range: Range }) {
  const { answer, failure, reload } = useAnswer<HistoryAnswer>('api/history', node === undefined ? { range } : { node, range }, kRefreshMs[range]);
  if (failure) return <Problem text={`The history cannot be shown: ${failure}.`} retry={reload} />;
  return answer ? <ChartSet source={fromAnswer(answer)} isNode={node !== undefined} /> : <div class="charts loading" aria-busy="true" />;
}

export function FleetCharts({ state }: { state: FleetState }) {
  const range = useRange();
  return (
    <section aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">Over time</h2>
        <RangeChoice range={range} />
      </div>
      {range === '15m' ? <ChartSet source={fromFeed(state)} /> : <StoredCharts range={range} />}
    </section>
  );
}
