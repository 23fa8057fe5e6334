// When to connect, ping, give up and try again: a machine that is told what happened and when, and answers what to do. It owns no
// socket and no timer.
import { reconnectDelayMs } from './backoff';

export type Phase = 'connecting' | 'live' | 'stale' | 'reconnecting' | 'signed_out';

export const kPingMs = 4000;
/** Without a message for so long the figures are old; twice that, and the connection is given up. */
export const kStaleMs = 10_000;
export const kDeadMs = 20_000;
/** To be opened and answered the first time. */
const kOpenMs = 15_000;

/** `check_session`: a connection that ended before its first message says nothing about why; ask over HTTP. The proxy of p2p-ctl
 *  opens one for the page before it knows whether the coordinator takes it. */
export type Action = 'connect' | 'hello' | 'ping' | 'close' | 'check_session';

export interface Connection {
  phase: Phase;
  /** Of the socket: none, being opened, open. */
  socket: 'none' | 'opening' | 'open';
  /** In milliseconds of a clock that only goes on. */
  lastMessage: number;
  nextPing: number;
  /** When to try again; with phase reconnecting. */
  retryAt: number;
  attempt: number;
}

export type Event =
  | { type: 'start' | 'opened' | 'message' | 'tick' | 'retry' | 'signed_out' }
  | { type: 'closed'; code: number; random: number };

export function newConnection(): Connection {
  return { phase: 'connecting', socket: 'none', lastMessage: 0, nextPing: 0, retryAt: 0, attempt: 0 };
}

function connect(state: Connection, now: number): [Connection, Action[]] {
  return [{ ...state, socket: 'opening', lastMessage: now }, ['connect']];
}

function closed(state: Connection, event: { code: number; random: number }, now: number): [Connection, Action[]] {
  // 4401: the session ended; 4403: the secret or origin is wrong. Trying again would not help; the proxy may know more.
  if (event.code === 4401 || event.code === 4403) return [{ ...state, socket: 'none', phase: 'signed_out' }, ['check_session']];
  const retryAt = now + reconnectDelayMs(state.attempt, event.random);
  const next: Connection = { ...state, socket: 'none', phase: 'reconnecting', retryAt, attempt: state.attempt + 1 };
  return [next, state.phase === 'connecting' || state.phase === 'reconnecting' ? ['check_session'] : []];
}

function tick(state: Connection, now: number): [Connection, Action[]] {
  if (state.socket === 'none') return now >= state.retryAt ? connect(state, now) : [state, []];
  const silent = now - state.lastMessage;
  if (silent >= (state.socket === 'opening' ? kOpenMs : kDeadMs)) return [state, ['close']];
  let next = state;
  if (state.socket === 'open' && silent >= kStaleMs && state.phase === 'live') next = { ...next, phase: 'stale' };
  if (state.socket !== 'open' || now < state.nextPing) return [next, []];
  return [{ ...next, nextPing: now + kPingMs }, ['ping']];
}

export function advance(state: Connection, event: Event, now: number): [Connection, Action[]] {
  if (state.phase === 'signed_out' && event.type !== 'start') return [state, []];
  switch (event.type) {
    case 'start':
      return connect(newConnection(), now);
    case 'opened':
      return [{ ...state, socket: 'open', lastMessage: now, nextPing: now + kPingMs }, ['hello']];
    case 'message':
      return [{ ...state, lastMessage: now, phase: 'live', attempt: 0 }, []];
    case 'closed':
      return closed(state, event, now);
    case 'retry':
      return state.socket === 'none' ? connect(state, now) : [state, []];
    case 'signed_out':
      return [{ ...state, phase: 'signed_out' }, ['close']];
    case 'tick':
      return tick(state, now);
  }
}
