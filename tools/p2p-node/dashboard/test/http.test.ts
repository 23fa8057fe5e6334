import { describe, expect, it, vi } from 'vitest';
import { callText } from '../src/net/http';

describe('a call', () => {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal('location', { origin: 'https://node:7946', pathname: '/dashboard' });
  vi.stubGlobal('fetch', async (_: URL, init: RequestInit) => {
    sent.push(init.headers as Record<string, string>);
    return Response.json({ jsonrpc: '2.0', id: 1, result: 1 });
  });

  it('is given the time that its method may take', async () => {
    await callText('backup.run', '{}', { target: 'node:db-1', timeoutMs: 120_000 });
    expect(sent.pop()).toMatchObject({ 'P2P-Target': 'node:db-1', 'P2P-Timeout-Ms': '120000' });
  });

  it("has the node's own bound where the method names none", async () => {
    await callText('system.info', '{}');
    const headers = sent.pop()!;
    expect(headers).not.toHaveProperty('P2P-Timeout-Ms');
    expect(headers).not.toHaveProperty('P2P-Target');
  });
});
