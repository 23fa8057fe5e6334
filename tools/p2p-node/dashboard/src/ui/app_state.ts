// The one place where the parts of the page meet: the session, the feed, the address, the log book.
import { DashboardSocket } from '../net/socket';
import { Failure, getJson, sessionSecret, signIn, signOut, useSecret } from '../net/http';
import { address } from '../net/addresses';
import { answerTabs, askTabs } from '../net/handover';
import { newConnection, type Connection } from '../state/connection';
import { applyUpdate, kEmptyFleet, type FleetState } from '../state/fleet';
import type { ServerMessage, Session } from '../state/protocol';
import { formatRoute, parseRoute, tokenIn, withParams, type Route } from '../state/route';
import { LogFeed } from './log_feed';
import { say } from './notice';
import { Store, useStore } from './store';

export type SignedOut = { why: string };

export const fleetStore = new Store<FleetState>(kEmptyFleet);
export const connectionStore = new Store<Connection>(newConnection());
/** Undefined while it is being asked for. */
export const sessionStore = new Store<Session | SignedOut | undefined>(undefined);
export const routeStore = new Store<Route>(parseRoute(location.hash));
/** The coordinator's clock, in milliseconds, moving once a second; 0 before it is known. */
export const nowStore = new Store(0);

/** The same in steps of five seconds: what says "12 s ago" need not be drawn each second. */
export function useSlowNow(): number {
  return useStore(nowStore, (now) => Math.floor(now / 5000) * 5000);
}

/** The page is at a port of the machine that it is looked at on, through p2p-ctl dashboard. */
export const isProxied = address('').pathname !== '/';
/** That program has ended: its address will never answer again. */
export const isProxyGone = new Store(false);

let clockOffset = 0;
let isWholeAskedFor = false;

const socket = new DashboardSocket({
  hello: () => JSON.stringify({ type: 'hello', secret: sessionSecret() }),
  opened: () => {
    isWholeAskedFor = false;
    logFeed.resume();
  },
  message: receive,
  changed: (connection) => {
    connectionStore.set(connection);
    if (connection.phase === 'signed_out' && isSignedIn()) sessionStore.set({ why: 'The session has ended.' });
  },
  checkSession: () => {
    getJson<Session>('api/session').then(
      () => isProxyGone.set(false),
      (error: Failure) => {
        isProxyGone.set(isProxied && error.status === 0);
        if (error.status === 403) end(whySignedOut(error)); // a 401 signs out
      },
    );
  },
});

export const logFeed = new LogFeed((message) => socket.send(message));

function isSignedIn(): boolean {
  const session = sessionStore.get();
  return session !== undefined && 'role' in session;
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case 'update': {
      const next = applyUpdate(fleetStore.get(), message);
      if (next === 'gap') {
        // One request is enough, however many deltas are still under way.
        if (!isWholeAskedFor) socket.send({ type: 'whole' });
        isWholeAskedFor = true;
        return;
      }
      if (message.whole) isWholeAskedFor = false;
      if (next.now > 0 && message.data.metrics?.now) {
        clockOffset = next.now - Date.now();
        if (nowStore.get() === 0) nowStore.set(next.now);
      }
      fleetStore.set(next);
      return;
    }
    case 'new_logs':
    case 'gap':
    case 'logs_failed':
      return logFeed.receive(message);
  }
}

export function canChange(): boolean {
  const session = sessionStore.get();
  return session !== undefined && 'role' in session && session.role === 'operator';
}

export function retryNow(): void {
  socket.retryNow();
}

// The address.

export function goTo(route: Route): void {
  location.hash = formatRoute(route);
}

/** Changes filters in place: typing a word is not a page of the history. */
export function setParams(changes: Readonly<Record<string, string>>): void {
  const route = withParams(routeStore.get(), changes);
  history.replaceState(null, '', formatRoute(route));
  routeStore.set(parseRoute(location.hash));
}

// Signing in.

/** A secret belongs to one page's address: another port of the same machine is another fleet. */
const secretKey = () => `p2p_session_secret ${address('').pathname}`;

async function openSession(): Promise<Session> {
  const token = tokenIn(location.hash);
  if (token === undefined) {
    const session = await getJson<Session>('api/session');
    // A proxied page has it from the proxy, whose port may be somebody else's next: its tabs ask nobody.
    return { ...session, secret: session.secret ?? sessionStorage.getItem(secretKey()) ?? (isProxied ? undefined : await askTabs()) };
  }
  // The token is used up by this, and must not stay in the address or the history.
  history.replaceState(null, '', formatRoute({ tab: 'overview', params: {} }));
  routeStore.set(parseRoute(location.hash));
  return signIn(token);
}

function end(why: string): void {
  sessionStore.set({ why });
  socket.signedOut();
}

function whySignedOut(error: unknown): string {
  if (!(error instanceof Failure)) return 'The page could not be started.';
  if (error.status === 0) return isProxied ? 'p2p-ctl dashboard has ended.' : 'The coordinator cannot be reached.';
  if (error.status === 502) return 'The coordinator cannot be reached.';
  if (error.status === 401) return '';
  return `The coordinator refused: ${error.message}.`;
}

export async function start(): Promise<void> {
  try {
    const session = await openSession();
    if (!session.secret) {
      sessionStore.set({ why: 'This tab has no part in the session: it was signed in elsewhere.' });
      return;
    }
    sessionStorage.setItem(secretKey(), session.secret);
    useSecret(session.secret, () => isSignedIn() && end('The session has ended.'));
    sessionStore.set(session);
    socket.start();
  } catch (error) {
    // Of a second address in this tab; the session that it has goes on.
    if (isSignedIn()) say(`The new address did not sign in: ${(error as Error).message}. You stay signed in as before.`, 'failing');
    else sessionStore.set({ why: whySignedOut(error) });
  }
}

export async function endSession(): Promise<void> {
  await signOut();
  sessionStorage.removeItem(secretKey());
  end('You have signed out.');
}

export function leave(): void {
  endSession().catch((error: Error) => say(error.message, 'failing'));
}

/** Lets further tabs take part in this one's session. */
export function admitTabs(): void {
  if (!isProxied) answerTabs(() => (isSignedIn() ? sessionSecret() : ''));
}

export function watchAddress(): void {
  addEventListener('hashchange', () => {
    if (tokenIn(location.hash) !== undefined) return void start();
    routeStore.set(parseRoute(location.hash));
  });
  setInterval(() => {
    if (nowStore.get() > 0) nowStore.set(Date.now() + clockOffset);
  }, 1000);
}
