// What the coordinator answers to a GET, asked again now and then while the page is in sight.
import { useEffect, useState } from 'preact/hooks';
import { getJson } from '../net/http';
import { keepLoaded } from '../state/refresh';

export interface Answer<T> {
  answer: T | undefined;
  failure: string;
  reload: () => void;
}

export function useAnswer<T>(path: string, query: Readonly<Record<string, string>>, refreshMs = 0): Answer<T> {
  return useLoaded((signal) => getJson<T>(path, query, signal), JSON.stringify([path, query]), refreshMs);
}

/** `key` names what is loaded: another key empties the answer and loads again. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, key: string, refreshMs = 0): Answer<T> {
  const [state, setState] = useState<{ key: string; answer?: T; failure: string }>({ key, failure: '' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const run = () =>
      void load(abort.signal).then(
        (answer) => setState({ key, answer, failure: '' }),
        (error: Error) => {
          if (error.name !== 'AbortError') setState((before) => ({ key, answer: before.key === key ? before.answer : undefined, failure: error.message }));
        },
      );
    const stop = keepLoaded(document, run, refreshMs);
    return () => {
      abort.abort();
      stop();
    };
  }, [key, turn]);
  const isOurs = state.key === key;
  return { answer: isOurs ? state.answer : undefined, failure: isOurs ? state.failure : '', reload: () => setTurn(turn + 1) };
}
