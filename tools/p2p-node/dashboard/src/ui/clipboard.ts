// Copying, and saying so.
import { say } from './notice';

export function copy(text: string, done: string): void {
  navigator.clipboard.writeText(text).then(
    () => say(done),
    () => say('The browser refused to copy; Ctrl+C does.', 'failing'),
  );
}
