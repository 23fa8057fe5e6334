// Requests to the coordinator. What goes wrong is a Failure with one sentence for people.
import type { Session } from '../state/protocol';
import { errorText } from '../state/call_error';
import { memberText } from '../state/json_text';
import { address } from './addresses';

export class Failure extends Error {
  constructor(
    message: string,
    /** Of HTTP; 0 where nothing answered. */
    readonly status: number,
    /** Of JSON-RPC; 0 for none. */
    readonly code = 0,
  ) {
    super(message);
  }
}

let secret = '';
/** Called when an answer says that nobody is signed in. */
let onSignedOut: () => void = () => {};

export function useSecret(value: string, whenSignedOut: () => void): void {
  secret = value;
  onSignedOut = whenSignedOut;
}
export function sessionSecret(): string {
  return secret;
}

/** The sentence of an `application/problem+json` (RFC 9457), or one made of the status. */
async function problem(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { detail?: string; title?: string };
    if (body.detail ?? body.title) return (body.detail ?? body.title)!;
  } catch {
    // Not every answer has a body.
  }
  if (response.status === 403) return 'this session may not do that';
  if (response.status === 429) return 'too many requests; wait a moment';
  return `the coordinator answered with status ${response.status}`;
}

async function request(url: URL, init: RequestInit, whenUnauthorized = onSignedOut): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new Failure('the coordinator cannot be reached', 0);
  }
  if (response.ok) return response;
  const why = await problem(response);
  if (response.status === 401) whenUnauthorized();
  throw new Failure(why, response.status);
}

export async function getJson<T>(path: string, query: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<T> {
  const response = await request(address(path, query), { signal });
  return (await response.json()) as T;
}

export interface CallOptions {
  /** As P2P-Target has it; without one the coordinator decides. */
  target?: string;
  signal?: AbortSignal;
  /** How long it may take; without it the coordinator's own 30 seconds. */
  timeoutMs?: number;
}

/** A call of JSON-RPC; `params` is JSON text. Answers the result as JSON text, with every digit. */
export async function callText(method: string, params: string, options: CallOptions = {}): Promise<string> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'P2P-Session-Secret': secret };
  if (options.target) headers['P2P-Target'] = options.target;
  if (options.timeoutMs) headers['P2P-Timeout-Ms'] = String(options.timeoutMs);
  const body = `{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":${params}}`;
  const response = await request(address('rpc'), { method: 'POST', headers, body, signal: options.signal });
  const text = await response.text();
  const { error } = JSON.parse(text) as { error?: { code: number; message: string } };
  if (error) throw new Failure(errorText(error.message, memberText(memberText(text, 'error')!, 'data')), response.status, error.code);
  return memberText(text, 'result') ?? 'null';
}

export async function call<T>(method: string, params: unknown, target?: string, signal?: AbortSignal): Promise<T> {
  return JSON.parse(await callText(method, JSON.stringify(params), { target, signal })) as T;
}

/** Trades the single-use token for a session. One that is refused says nothing about a session that there is. */
export async function signIn(token: string): Promise<Session> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) };
  const response = await request(address('api/session'), init, () => {});
  return (await response.json()) as Session;
}

export async function signOut(): Promise<void> {
  await request(address('api/session'), { method: 'DELETE', headers: { 'P2P-Session-Secret': secret } });
}
