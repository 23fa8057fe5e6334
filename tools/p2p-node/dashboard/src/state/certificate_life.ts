// How much of a certificate's life is left. A node renews when a third is left, so it is the share that tells, not the days: a
// certificate of a day with two hours left is as late as one of a year with a month.

export interface Life {
  /** From 0 (new) to 1 (expired). */
  used: number;
  leftMs: number;
  state: 'valid' | 'expiring' | 'expired' | 'revoked' | 'unknown';
}

/** A node should have renewed by then. */
export const kRenewAt = 2 / 3;

export function lifeOf(certificate: { not_before: string; not_after: string; revoked_at?: string | null }, now: number): Life {
  const from = Date.parse(certificate.not_before);
  const to = Date.parse(certificate.not_after);
  if (!(to > from)) return { used: 0, leftMs: 0, state: 'unknown' };
  const used = Math.min(1, Math.max(0, (now - from) / (to - from)));
  const leftMs = Math.max(0, to - now);
  if (certificate.revoked_at) return { used, leftMs, state: 'revoked' };
  if (now >= to) return { used, leftMs, state: 'expired' };
  return { used, leftMs, state: used > kRenewAt ? 'expiring' : 'valid' };
}
