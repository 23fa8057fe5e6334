// The frame of the page: tabs, the state of the connection, the switches; or the page of somebody who is not signed in.
import { useEffect, useRef } from 'preact/hooks';
import type { Connection } from '../state/connection';
import { countHealth } from '../state/fleet';
import type { Session } from '../state/protocol';
import { kTabs, link, type Route, type Tab } from '../state/route';
import { connectionStore, fleetStore, isProxied, isProxyGone, leave, nowStore, retryNow, routeStore, sessionStore, start, type SignedOut } from './app_state';
import { CertificatesTab } from './certificates_tab';
import { QuestionHost } from './confirm';
import { KeysHost, openKeys } from './key_list';
import { watchKeys } from './keys';
import { LogsTab } from './logs_tab';
import { NodesTab } from './nodes_tab';
import { NoticeHost } from './notice';
import { Overview } from './overview';
import { PaletteHost, openPalette } from './palette';
import { Code, Dot, type Tone } from './parts';
import { ServicesTab } from './services_tab';
import { useStore } from './store';
import { themeStore, toggleTheme } from './theme';

const kTitles: Record<Tab, string> = { overview: 'Overview', nodes: 'Nodes', services: 'Services', logs: 'Logs', certificates: 'Certificates' };
const kContents: Record<Tab, () => preact.JSX.Element> = {
  overview: Overview,
  nodes: NodesTab,
  services: ServicesTab,
  logs: LogsTab,
  certificates: CertificatesTab,
};

const kPhases: Record<Connection['phase'], { word: string; tone: Tone; title: string }> = {
  connecting: { word: 'connecting', tone: 'off', title: 'Connecting to the coordinator' },
  live: { word: 'live', tone: 'ok', title: 'Figures and lines come as they happen' },
  stale: { word: 'stale', tone: 'warning', title: 'The coordinator has said nothing for ten seconds: what you see is old' },
  reconnecting: { word: 'reconnecting', tone: 'failing', title: 'The connection was lost: what you see is old' },
  signed_out: { word: 'signed out', tone: 'failing', title: 'The session has ended' },
};

function ConnectionBadge() {
  const phase = useStore(connectionStore, (connection) => connection.phase);
  const { word, tone, title } = kPhases[phase];
  return (
    <span class={`pill connection ${tone}`} role="status" title={title}>
      <Dot tone={tone} />
      <span class="connection-word">{word}</span>
    </span>
  );
}

function LostBar() {
  const connection = useStore(connectionStore);
  const isGone = useStore(isProxyGone);
  useStore(nowStore);
  if (connection.phase === 'stale') return <div class="lost warning">The coordinator has said nothing for a while. What you see may be old.</div>;
  if (connection.phase !== 'reconnecting') return null;
  if (isGone) {
    return (
      <div class="lost failing" role="alert">
        <span>
          p2p-ctl dashboard has ended: run it again, and it opens a new page. What you see is old.
        </span>
      </div>
    );
  }
  const seconds = Math.max(0, Math.ceil((connection.retryAt - performance.now()) / 1000));
  return (
    <div class="lost failing" role="alert">
      <span>The coordinator cannot be reached. What you see is old. {seconds > 1 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span>
      <button type="button" class="button small" onClick={retryNow}>
        Now
      </button>
    </div>
  );
}

function Tabs({ current }: { current: Tab }) {
  const failing = useStore(fleetStore, (state) => countHealth(state.nodes).failing);
  return (
    <nav class="tabs" aria-label="Tabs">
      {kTabs.map((tab, i) => (
        <a key={tab} href={link(tab)} aria-current={tab === current ? 'page' : undefined} title={`${kTitles[tab]} (${i + 1})`}>
          {kTitles[tab]}
          {tab === 'nodes' && failing > 0 && (
            <span class="badge" aria-label={`${failing} failing`}>
              {failing}
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

function Header({ session, tab }: { session: Session; tab: Tab }) {
  const fleet = useStore(fleetStore, (state) => state.fleet);
  const theme = useStore(themeStore);
  /** Said once where somebody is named for it. */
  const hasOwnRole = session.role !== session.subject;
  return (
    <header class="top">
      <span class="brand" title={fleet.coordinator && `coordinator ${fleet.coordinator}, p2p ${fleet.version ?? ''}`}>
        {fleet.name ?? 'p2p'}
      </span>
      <Tabs current={tab} />
      <div class="top-right">
        <ConnectionBadge />
        <button type="button" class="button icon" onClick={openPalette} aria-label="Go to or do (Ctrl+K)" title="Go to or do (Ctrl+K)">
          ⌕ <kbd>Ctrl+K</kbd>
        </button>
        <button type="button" class="button icon" onClick={toggleTheme} aria-label={theme === 'dark' ? 'Light' : 'Dark'} title={theme === 'dark' ? 'Light' : 'Dark'}>
          {theme === 'dark' ? '☀' : '☾'}
        </button>
        <details class="account">
          <summary class="button" title={`Signed in as ${session.subject}`}>
            <span class="account-name">{session.subject}</span>
            {hasOwnRole && <span class="muted account-role">{session.role}</span>}
          </summary>
          <div class="account-menu">
            <p>
              Signed in as <b>{session.subject}</b>
              {hasOwnRole && `, ${session.role}`}.
            </p>
            {session.role === 'viewer' && <p class="muted">A viewer sees everything and changes nothing.</p>}
            <button type="button" class="button" onClick={openKeys}>
              Keyboard (?)
            </button>
            <button type="button" class="button" onClick={leave}>
              Sign out
            </button>
          </div>
        </details>
      </div>
    </header>
  );
}

function SignedOutPage({ why }: SignedOut) {
  return (
    <main class="signed-out">
      <h1>Signed out</h1>
      {why && <p>{why}</p>}
      {isProxied ? (
        <p>
          End <Code>p2p-ctl dashboard</Code> with Ctrl-C where it runs, and run it again: it opens a new page, signed in.
        </p>
      ) : (
        <p>
          Run <Code>p2p-ctl dashboard --print</Code> where your operator certificate is: it gives an address that signs in here once, within a minute.
        </p>
      )}
      <p class="muted">
        There are two ways: <Code>p2p-ctl dashboard</Code> opens the page on its own machine, <Code>p2p-ctl dashboard --print</Code> is for a browser on
        another.
      </p>
      <button type="button" class="button primary" onClick={() => void start()}>
        Try again
      </button>
    </main>
  );
}

/** Where details were closed, the focus goes back to what opened them. */
function useFocusBack(route: Route): void {
  const before = useRef(route);
  useEffect(() => {
    const { tab, item } = before.current;
    before.current = route;
    if (!item || route.item || tab !== route.tab || document.activeElement !== document.body) return;
    [...document.querySelectorAll<HTMLAnchorElement>('.split-list a')].find((one) => one.hash === link(tab, item))?.focus();
  }, [route]);
}

function Shell({ session }: { session: Session }) {
  const route = useStore(routeStore);
  const name = useStore(fleetStore, (state) => state.fleet.name);
  const failing = useStore(fleetStore, (state) => countHealth(state.nodes).failing);
  const Content = kContents[route.tab];
  useEffect(() => {
    document.title = `${failing > 0 ? `(${failing}) ` : ''}${route.item ?? kTitles[route.tab]} – ${name ?? 'p2p'}`;
  }, [route, name, failing]);
  useEffect(watchKeys, []);
  useFocusBack(route);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById('content')?.focus())}>
        Skip to the content
      </a>
      <Header session={session} tab={route.tab} />
      <LostBar />
      <main id="content" class={`content tab-${route.tab}`} tabIndex={-1}>
        {route.tab !== 'overview' && !route.item && <h1 class="unseen">{kTitles[route.tab]}</h1>}
        <Content />
      </main>
      <NoticeHost />
      <QuestionHost />
      <PaletteHost />
      <KeysHost />
    </>
  );
}

export function App() {
  const session = useStore(sessionStore);
  if (session === undefined) return <main class="signed-out" aria-busy="true" />;
  return 'role' in session ? <Shell session={session} /> : <SignedOutPage why={session.why} />;
}
