import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The service `chatter` of worker-1 logs so many lines a second, until it is told something else; 0 for none. */
export function chatter(linesPerSecond) {
  const file = join(process.env.FLEET, 'chatter');
  if (linesPerSecond > 0) writeFileSync(file, String(linesPerSecond));
  else rmSync(file, { force: true });
}
