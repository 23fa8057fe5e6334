// Lines over time. All charts of the page share the cursor: pointing at a moment in one shows it in the others.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatDateTime } from '../state/format';
import type { Points } from '../state/protocol';
import { timesOf } from '../state/history';
import { timeMarks } from '../state/time_axis';
import { useStore } from './store';
import { themeStore } from './theme';

export interface ChartLine {
  name: string;
  tone: 'accent' | 'second' | 'failing';
  points: Points;
  /** The least and greatest in each step, drawn as a band. */
  min?: Points;
  max?: Points;
}

interface Props {
  title: string;
  step: number;
  end: number;
  lines: ChartLine[];
  format: (value: number | null | undefined) => string;
  /** The least that the upper edge stands for. */
  top?: number;
}

const kHeight = 132;
const sharedCursor = uPlot.sync('time');

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function dataOf({ step, end, lines }: Props): uPlot.AlignedData {
  const count = Math.max(0, ...lines.map((line) => line.points.length));
  const pad = (points: Points): Points =>
    points.length === count ? points : [...new Array<null>(count - points.length).fill(null), ...points];
  const columns = lines.flatMap((line) => (line.min && line.max ? [line.points, line.min, line.max] : [line.points]));
  return [timesOf(end, step, count), ...columns.map(pad)] as uPlot.AlignedData;
}

/** A value without a neighbour has no line: it is a point. */
function lonePoints(plot: uPlot, series: number): number[] {
  const values = plot.data[series]!;
  return Array.from(values.keys()).filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null);
}

function seriesOf(lines: ChartLine[]): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of lines) {
    const stroke = colour(line.tone);
    series.push({ label: line.name, stroke, width: 1.5, points: { show: true, size: 4, fill: stroke, filter: lonePoints }, spanGaps: false });
    if (!line.min || !line.max) continue;
    const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
    series.push(edge, edge);
    bands.push({ series: [series.length - 1, series.length - 2], fill: `${stroke}2e` });
  }
  return { series, bands };
}

/** Of the axis on the left, which is as wide as its longest label. */
function axisWidth(_plot: uPlot, labels: string[] | null): number {
  return 14 + 6.5 * Math.max(0, ...(labels ?? []).map((label) => label.length));
}

function optionsOf(props: Props, width: number, onCursor: (plot: uPlot) => void): uPlot.Options {
  const axis = { stroke: colour('muted'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  const grid = { stroke: colour('grid'), width: 1 };
  return {
    width,
    height: kHeight,
    // Half of the last time under it is beside the plot.
    padding: [8, 26, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: sharedCursor.key }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: { y: { range: (_plot, _least, greatest) => [0, Math.max(props.top ?? 0, greatest * 1.1) || 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 28, gap: 8, space: 60, values: (_plot, times, _axis, _space, between) => timeMarks(times, between) },
      { ...axis, grid, size: axisWidth, space: 34, values: (_plot, values) => values.map((value) => props.format(value)) },
    ],
    hooks: { setCursor: [onCursor], setData: [onCursor] },
    ...seriesOf(props.lines),
  };
}

/** Where a line's own values are among the columns of the data. */
function columnOf(lines: ChartLine[], index: number): number {
  return 1 + lines.slice(0, index).reduce((sum, line) => sum + (line.min && line.max ? 3 : 1), 0);
}

export function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const moment = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot>();
  const isInSight = useRef(false);
  const isDrawn = useRef(false);
  const latest = useRef(props);
  latest.current = props;
  const theme = useStore(themeStore);
  const shape = props.lines.map((line) => `${line.name}${line.min ? '*' : ''}`).join();

  const show = (drawn: uPlot) => {
    const { lines, format } = latest.current;
    const at = drawn.cursor.idx;
    const index = at ?? drawn.data[0].length - 1;
    lines.forEach((_line, i) => {
      const element = values.current[i];
      if (element) element.textContent = format(drawn.data[columnOf(lines, i)]?.[index]);
    });
    if (moment.current) moment.current.textContent = at === null || at === undefined ? '' : formatDateTime(drawn.data[0][index]! * 1000);
  };

  // What is out of sight is drawn when it comes into sight.
  const catchUp = () => {
    if (isDrawn.current || !isInSight.current || !plot.current) return;
    isDrawn.current = true;
    plot.current.setData(dataOf(latest.current));
  };
  useEffect(() => {
    const watch = new IntersectionObserver((seen) => {
      isInSight.current = seen[seen.length - 1]!.isIntersecting;
      catchUp();
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(optionsOf(latest.current, Math.max(120, element.clientWidth), show), dataOf(latest.current), element);
    plot.current = made;
    show(made);
    const watch = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: kHeight });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme, shape]);

  useEffect(() => {
    isDrawn.current = false;
    catchUp();
  }, [props.end, props.step, shape, props.lines[0]?.points]);

  return (
    <figure class="chart" aria-label={props.title}>
      <figcaption>
        <span class="chart-title">{props.title}</span>
        <span class="chart-moment" ref={moment} />
        {props.lines.map((line, i) => (
          <span class="chart-value" key={line.name}>
            {props.lines.length > 1 && <span class={`swatch ${line.tone}`} aria-hidden="true" />}
            {props.lines.length > 1 && `${line.name} `}
            <b ref={(element) => void (values.current[i] = element)} />
          </span>
        ))}
      </figcaption>
      <div class="chart-box" ref={box} aria-hidden="true" />
    </figure>
  );
}
