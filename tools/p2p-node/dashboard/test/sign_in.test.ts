import { beforeEach, describe, expect, it, vi } from 'vitest';

type AppState = typeof import('../src/ui/app_state');

class Socket {
  static all: Socket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  isClosed = false;
  onclose: ((event: { code: number }) => void) | undefined;
  constructor() {
    Socket.all.push(this);
  }
  send(): void {}
  close(): void {
    this.isClosed = true;
  }
}

const session = { node_id: 'web-1', role: 'operator', expires_at: '2027-01-31T12:00:00Z' };
/** Each token is good for one session, whose secret is `of-TOKEN`; "used" for none. Who asks without a token has the cookie. */
async function answer(_: URL, init: RequestInit): Promise<Response> {
  if (init.method !== 'POST') return Response.json(session);
  const { token } = JSON.parse(init.body as string) as { token: string };
  if (token === 'used') return Response.json({ detail: 'the token was used' }, { status: 401 });
  return Response.json({ ...session, secret: `of-${token}` });
}

/** A tab with an address, and nothing stored. Tabs that were opened before stay open. */
async function open(hash: string, pathname = '/dashboard'): Promise<AppState> {
  const stored = new Map<string, string>();
  vi.stubGlobal('location', { hash, origin: 'https://node:7946', pathname });
  vi.stubGlobal('history', { replaceState: (_: unknown, __: string, to: string) => (location.hash = to) });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  });
  vi.resetModules();
  const tab = await import('../src/ui/app_state');
  tab.admitTabs();
  await tab.start();
  return tab;
}
const secretOf = async () => (await import('../src/net/http')).sessionSecret();

// What a browser has: messages reach the other channels of that name. Each test begins with another browser.
class Channel {
  static all: Channel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) {
    Channel.all.push(this);
  }
  postMessage(data: unknown): void {
    const others = Channel.all.filter((one) => one !== this && one.name === this.name);
    queueMicrotask(() => others.forEach((one) => one.onmessage?.({ data })));
  }
  close(): void {
    Channel.all = Channel.all.filter((one) => one !== this);
  }
}

beforeEach(() => {
  Socket.all = [];
  Channel.all = [];
  vi.stubGlobal('BroadcastChannel', Channel);
  vi.useFakeTimers({ toFake: ['setInterval'] });
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('fetch', answer);
});

describe('a second address that signs in', () => {
  it('takes the place of the first, whose socket is closed', async () => {
    const tab = await open('#t=first');
    expect(Socket.all).toHaveLength(1);
    location.hash = '#t=second';
    await tab.start();
    expect(Socket.all.map((socket) => socket.isClosed)).toEqual([true, false]);
    expect(await secretOf()).toBe('of-second');
  });

  it('leaves the session as it was when it is refused', async () => {
    const tab = await open('#t=first');
    location.hash = '#t=used';
    await tab.start();
    expect(tab.sessionStore.get()).toMatchObject({ role: 'operator' });
    expect(Socket.all.map((socket) => socket.isClosed)).toEqual([false]);
    expect(await secretOf()).toBe('of-first');
    expect(location.hash).not.toContain('used');
  });

  it('signs nobody in when it is refused and nobody was', async () => {
    const tab = await open('#t=used');
    expect(tab.sessionStore.get()).toEqual({ why: '' });
    expect(Socket.all).toHaveLength(0);
  });
});

describe('a further tab', () => {
  const signedOut = { why: expect.stringMatching('signed in elsewhere') };

  it('has the secret from one that is signed in', async () => {
    await open('#t=first');
    const tab = await open('#/logs');
    expect(tab.sessionStore.get()).toMatchObject({ role: 'operator' });
    expect(await secretOf()).toBe('of-first');
    expect(Socket.all).toHaveLength(2);
  });

  it('is told so when there is no other', async () => {
    const tab = await open('#/logs');
    expect(tab.sessionStore.get()).toEqual(signedOut);
    expect(Channel.all).toHaveLength(1); // the one that would answer
  });

  it('has nothing from a tab that signed out', async () => {
    const first = await open('#t=first');
    await first.endSession();
    expect((await open('#/logs')).sessionStore.get()).toEqual(signedOut);
  });

  it('has nothing from another address of the same origin, and a page of p2p-ctl dashboard has no channel', async () => {
    await open('#t=first', '/prefix/dashboard');
    expect(Channel.all).toHaveLength(0);
    expect((await open('#/logs')).sessionStore.get()).toEqual(signedOut);
  });
});
