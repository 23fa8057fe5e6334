import { describe, expect, it } from 'vitest';
import { kLooks, outcomeOf, type Look } from '../src/state/service_outcome';

describe('what came of starting a service', () => {
  const running: Look = { state: 'running', restarts: 0 };

  it('is that it runs, once it has for a while', () => {
    expect(outcomeOf([])).toBeUndefined();
    expect(outcomeOf([running])).toBeUndefined();
    expect(outcomeOf(new Array(kLooks).fill(running))).toBe('running');
  });
  it('is not known while it starts', () => {
    expect(outcomeOf(new Array(kLooks).fill({ state: 'starting' }))).toBeUndefined();
  });
  it('is that it failed again, also where it runs between', () => {
    expect(outcomeOf([running, { state: 'degraded', error: 'exited with status 1' }])).toBe('failed');
    expect(outcomeOf([running, { state: 'running', restarts: 1 }])).toBe('failed');
    expect(outcomeOf([{ state: 'error' }])).toBe('failed');
  });
  it('counts only what it did since', () => {
    expect(outcomeOf(new Array(kLooks).fill({ state: 'running', restarts: 7 }))).toBe('running');
  });
});
