// How much of a certificate's life is left. A node renews when a third is left, so it is the share that tells, not the days: a
// certificate of a day with two hours left is as late as one of a year with a month.
import type { CertificateEntry, IssuedCertificate, NodeEntry } from './protocol';

export interface Life {
  /** From 1 (new) to 0 (expired). */
  left: number;
  leftMs: number;
  state: 'valid' | 'expiring' | 'expired' | 'revoked' | 'unknown';
}

/** A node should have renewed when so much is left. */
export const kRenewAt = 1 / 3;

export type Dated = Pick<IssuedCertificate, 'not_before' | 'not_after' | 'revoked_at'> & { state?: CertificateEntry['state'] };

export function lifeOf(certificate: Dated, now: number): Life {
  const from = Date.parse(certificate.not_before);
  const to = Date.parse(certificate.not_after);
  if (!(to > from)) return { left: 0, leftMs: 0, state: 'unknown' };
  const left = Math.min(1, Math.max(0, (to - now) / (to - from)));
  const leftMs = Math.max(0, to - now);
  if (certificate.revoked_at || certificate.state === 'revoked') return { left, leftMs, state: 'revoked' };
  if (now >= to) return { left, leftMs, state: 'expired' };
  return { left, leftMs, state: left < kRenewAt ? 'expiring' : 'valid' };
}

/** Whether the node shows this one to others; one that it has had before is superseded, though it is good until its end. Undefined
 *  for one that no node has told of. */
export function useOf(certificate: IssuedCertificate, node: NodeEntry | undefined): 'in use' | 'superseded' | undefined {
  const shown = node?.certificate;
  if (!shown) return undefined;
  if (shown.serial === certificate.serial) return 'in use';
  return Date.parse(certificate.not_before) <= Date.parse(shown.not_before) ? 'superseded' : undefined;
}
