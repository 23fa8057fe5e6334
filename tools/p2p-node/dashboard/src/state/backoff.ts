// When to try again after the coordinator was lost: 0.5 s doubling to 15 s, each up to a half earlier by chance, so that many
// pages do not come back at once.

export const kFirstDelayMs = 500;
export const kMaxDelayMs = 15_000;

/** `attempt` counts from 0; `random` is from 0 up to, not including, 1. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const delay = Math.min(kMaxDelayMs, kFirstDelayMs * 2 ** Math.min(attempt, 10));
  return Math.round(delay * (1 - random / 2));
}
