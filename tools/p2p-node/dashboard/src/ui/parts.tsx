// Small pieces that several tabs are made of.
import { Component, type ComponentChildren, type ComponentType, type VNode } from 'preact';
import type { NodeEntry, Points } from '../state/protocol';
import { formatPercent } from '../state/format';
import type { ServiceHealth } from '../state/services';

export type Tone = 'ok' | 'warning' | 'failing' | 'off';

/** Draws again only when a property is another value. */
export function memo<P extends object>(inner: (props: P) => VNode | null): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      return Object.keys(after).some((name) => before[name] !== after[name]) || Object.keys(before).length !== Object.keys(after).length;
    }
    override render(props: P): VNode | null {
      return inner(props);
    }
  } as unknown as ComponentType<P>;
}

export function toneOfNode(node: NodeEntry): Tone {
  return node.status === 'left' ? 'off' : node.health;
}

/** What a node's state is called: its health, or why there is none. */
export function nodeWord(node: NodeEntry): string {
  if (node.certificate?.state === 'revoked') return 'revoked';
  return node.status === 'alive' ? node.health : node.status;
}

export function toneOfService(health: ServiceHealth): Tone {
  return health === 'unknown' ? 'off' : health;
}

/** A shape and a colour for each tone, so that neither is needed alone. */
export function Dot({ tone }: { tone: Tone }) {
  return <span class={`dot ${tone}`} aria-hidden="true" />;
}

export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`pill ${tone}`}>
      <Dot tone={tone} />
      {children}
    </span>
  );
}

/** A share from 0 to 1 as a bar with its figure. */
export function Meter({ share, warnAt = 0.8, failAt = 0.9 }: { share: number | undefined; warnAt?: number; failAt?: number }) {
  if (share === undefined || !Number.isFinite(share)) return <span class="muted">–</span>;
  const tone = share >= failAt ? 'failing' : share >= warnAt ? 'warning' : 'plain';
  return (
    <span class="meter">
      <span class={`meter-bar ${tone}`}>
        <span style={{ width: `${Math.min(100, Math.max(0, share * 100)).toFixed(1)}%` }} />
      </span>
      <span class="num">{formatPercent(share)}</span>
    </span>
  );
}

export function shareOf(used: number | undefined, total: number | undefined): number | undefined {
  return used === undefined || !total ? undefined : used / total;
}

function sparkPath(points: Points, width: number, height: number, top: number): string {
  let path = '';
  let isDown = false;
  const step = points.length > 1 ? width / (points.length - 1) : width;
  points.forEach((value, i) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const y = height - 1 - (Math.min(value, top) / top) * (height - 2);
    path += `${isDown ? 'L' : 'M'}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  });
  return path;
}

/** A line without axes; `top` is the value at its upper edge, at least the greatest there is. */
export const Spark = memo(function Spark({ points, top = 0, label, width = 96, height = 22 }: {
  points: Points | undefined;
  top?: number;
  label: string;
  width?: number;
  height?: number;
}) {
  const greatest = points ? points.reduce<number>((most, value) => (value !== null && value > most ? value : most), top) : 0;
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {points && greatest > 0 && <path d={sparkPath(points, width, height, greatest)} vector-effect="non-scaling-stroke" />}
      {points && greatest === 0 && points.some((value) => value !== null) && (
        <path d={`M0 ${height - 1}H${width}`} vector-effect="non-scaling-stroke" />
      )}
    </svg>
  );
});

/** Nothing to show, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="empty-hint">{children}</div>}
    </div>
  );
}

export function Problem({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <span>{text}</span>
      {retry && (
        <button type="button" class="button small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Why what changes something is out of reach. */
export const kViewerMay = 'You are signed in as a viewer, who sees everything and changes nothing; "p2p-ctl dashboard" signs in an operator.';

export function Code({ children }: { children: ComponentChildren }) {
  return <code class="code">{children}</code>;
}
