// How much of a certificate's life is left.
import { formatDuration } from '../state/format';
import { lifeOf, kRenewAt, type Dated } from '../state/certificate_life';
import type { Tone } from './parts';

const kTones: Record<string, Tone> = { valid: 'ok', expiring: 'warning', expired: 'failing', revoked: 'failing' };

export function toneOfLife(state: string): Tone {
  return kTones[state] ?? 'off';
}

export function LifeBar({ certificate, now }: { certificate: Dated; now: number }) {
  const life = lifeOf(certificate, now);
  const left = life.state === 'valid' || life.state === 'expiring' ? `${formatDuration(life.leftMs)} left` : life.state;
  return (
    <span class="meter life" title={`valid until ${certificate.not_after}`}>
      <span class={`meter-bar ${toneOfLife(life.state)}`}>
        <span style={{ width: `${(life.left * 100).toFixed(1)}%` }} />
        <i style={{ left: `${(kRenewAt * 100).toFixed(1)}%` }} />
      </span>
      <span class="num">{left}</span>
    </span>
  );
}
