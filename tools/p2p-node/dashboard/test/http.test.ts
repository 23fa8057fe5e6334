import { describe, expect, it, vi } from 'vitest';
import { Failure, callText } from '../src/net/http';
import { meaningOf } from '../src/state/call_error';

describe('a call', () => {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal('location', { origin: 'https://node:7946', pathname: '/dashboard' });
  let answer = '{"jsonrpc":"2.0","id":1,"result":1}';
  vi.stubGlobal('fetch', async (_: URL, init: RequestInit) => {
    sent.push(init.headers as Record<string, string>);
    return new Response(answer);
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

  // The messages and data are those of real nodes; the last is a program's own.
  it.each([
    ['{"code":-32601,"message":"Method not found","data":"say.nope"}', 'Method not found: say.nope'],
    ['{"code":-32000,"message":"service \\"say\\" exited with status 3","data":{"exit_code":3,"stderr":"mounting /dev/sdb\\nno such device\\n"}}',
      'service "say" exited with status 3\nmounting /dev/sdb\nno such device'],
    ['{"code":-32000,"message":"service \\"say\\" exited with status 3","data":{"exit_code":3,"stderr":""}}', 'service "say" exited with status 3'],
    ['{"code":-32004,"message":"Not permitted"}', 'Not permitted'],
    ['{"code":17,"message":"queue full","data":{"waiting":9007199254740993}}', 'queue full\n{\n  "waiting": 9007199254740993\n}'],
  ])('that fails with %s says all of it', async (error, text) => {
    answer = `{"jsonrpc":"2.0","error":${error},"id":1}`;
    const failure = await callText('say.add', '{}').catch((one: Failure) => one);
    expect(failure).toMatchObject({ message: text, code: JSON.parse(error).code });
  });
});

describe('the code of an error', () => {
  it('is told by its meaning', () => {
    expect([-32000, -32002, 17].map(meaningOf)).toEqual(['the service failed (-32000)', 'the outcome is unknown (-32002)', 'code 17']);
  });
});
