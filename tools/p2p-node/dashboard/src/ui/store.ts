// A value that views follow.
import { useEffect, useReducer, useRef } from 'preact/hooks';

export class Store<T> {
  private listeners = new Set<() => void>();
  constructor(private value: T) {}

  get(): T {
    return this.value;
  }
  set(value: T): void {
    if (value === this.value) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** What `select` takes from the value; the view is drawn again when that is another one. */
export function useStore<T, S = T>(store: Store<T>, select: (value: T) => S = (value) => value as unknown as S): S {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const selected = select(store.get());
  const current = useRef({ select, selected });
  current.current = { select, selected };
  useEffect(() => {
    const check = () => {
      if (current.current.select(store.get()) !== current.current.selected) redraw(undefined as never);
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return selected;
}

/** Draws the view again when the value has changed, at once but at most every `ms`; the last change is never left out. */
export function useThrottled(store: Store<unknown>, ms: number): void {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let drawn = -Infinity;
    const stop = store.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        drawn = performance.now();
        redraw(undefined as never);
      }, drawn + ms - performance.now());
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [store, ms]);
}
