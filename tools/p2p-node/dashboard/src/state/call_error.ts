// What the error of a call means, in the words of p2p-ctl.
import { indentJson } from './json_text';

/** As man/p2p-protocol.7 has them. */
const kMeanings: Readonly<Record<number, string>> = {
  [-32601]: 'no such method',
  [-32602]: 'the parameters do not fit',
  [-32000]: 'the service failed',
  [-32001]: 'no such target',
  [-32002]: 'the outcome is unknown',
  [-32003]: 'overloaded; try again later',
  [-32004]: 'not permitted',
  [-32005]: 'recent calls to this service failed; try again later',
  [-32006]: 'unreachable',
};

/** `the service failed (-32000)`; a code that is none of ours is the service's own. */
export function meaningOf(code: number): string {
  const meaning = kMeanings[code];
  return meaning ? `${meaning} (${code})` : `code ${code}`;
}

/** The message with what its `data` (JSON text) adds: a sentence, the last that the program printed to stderr, or the JSON itself. */
export function errorText(message: string, data = 'null'): string {
  const value = JSON.parse(data) as { stderr?: unknown } | string | null;
  if (value === null) return message;
  if (typeof value === 'string') return `${message}: ${value}`;
  const added = typeof value.stderr === 'string' ? value.stderr.trimEnd() : indentJson(data);
  return added ? `${message}\n${added}` : message;
}
