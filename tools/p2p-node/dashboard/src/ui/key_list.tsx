// The list of what the keys do; keys.ts has what they do.
import { Fragment } from 'preact';
import { Modal } from './modal';
import { Store, useStore } from './store';

const openStore = new Store(false);

export function openKeys(): void {
  openStore.set(true);
}

const kListed: [keys: string, what: string][] = [
  ['1 … 5', 'The tabs, from Overview to Certificates'],
  ['/  or  Ctrl+K', 'Go anywhere, or do something, by its name'],
  ['t', 'Dark or light'],
  ['p', 'Logs: pause, or go on'],
  ['↑  ↓', 'Logs: choose a line, with Shift several; Ctrl+C copies'],
  ['Ctrl+Enter', 'Call the method whose form is filled in'],
  ['Esc', 'Close what is open'],
  ['?', 'This list'],
];

export function KeysHost() {
  if (!useStore(openStore)) return null;
  const close = () => openStore.set(false);
  return (
    <Modal label="Keyboard" onClose={close}>
      <h2>Keyboard</h2>
      <dl class="facts dialog-body">
        {kListed.map(([keys, what]) => (
          <Fragment key={keys}>
            <dt class="mono">{keys}</dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
    </Modal>
  );
}
