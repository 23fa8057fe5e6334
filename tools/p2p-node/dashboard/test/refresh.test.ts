import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepLoaded } from '../src/state/refresh';

/** A tab, as much of it as matters here. */
class Tab extends EventTarget {
  hidden = false;
  look(isLooking: boolean): void {
    this.hidden = !isLooking;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

describe('what is asked for again', () => {
  let loads = 0;
  const load = () => ++loads;
  beforeEach(() => {
    loads = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('is there when a tab that was opened in the background is looked at', () => {
    const tab = new Tab();
    tab.hidden = true;
    const stop = keepLoaded(tab, load, 0);
    expect(loads).toBe(1);
    stop();
  });

  it('rests while nobody looks, and is fresh at once for who comes back', () => {
    const tab = new Tab();
    const stop = keepLoaded(tab, load, 1000);
    vi.advanceTimersByTime(2000);
    expect(loads).toBe(3);
    tab.look(false);
    vi.advanceTimersByTime(5000);
    expect(loads).toBe(3);
    tab.look(true);
    expect(loads).toBe(4);
    stop();
    tab.look(true);
    vi.advanceTimersByTime(5000);
    expect(loads).toBe(4);
  });

  it('is asked for once where it does not change', () => {
    const tab = new Tab();
    keepLoaded(tab, load, 0);
    tab.look(false);
    tab.look(true);
    vi.advanceTimersByTime(60_000);
    expect(loads).toBe(1);
  });
});
