// What the keys do, everywhere but in a field; key_list.tsx has it in words.
import { kTabs, link } from '../state/route';
import { openKeys } from './key_list';
import { pause } from './logs_tab';
import { openPalette } from './palette';
import { toggleTheme } from './theme';

const kKeys: Record<string, () => void> = {
  '/': openPalette,
  '?': openKeys,
  t: toggleTheme,
  p: () => pause.toggle?.(),
  Escape: closeOne,
  ...Object.fromEntries(kTabs.map((tab, i) => [String(i + 1), () => (location.hash = link(tab))])),
};

/** The menu, else the details; dialogs close by themselves. */
function closeOne(): void {
  if (!closeMenu()) document.querySelector<HTMLElement>('.close')?.click();
}

function closeMenu(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>('.account[open]');
  if (menu) menu.open = false;
  menu?.querySelector('summary')!.focus();
  return menu !== null;
}

function onKey(event: KeyboardEvent): void {
  const { key, ctrlKey, metaKey, altKey, defaultPrevented, target } = event;
  const isTyping = (target as HTMLElement).closest('input, textarea, select, dialog');
  const isModified = ctrlKey || metaKey || altKey;
  const run = (ctrlKey || metaKey) && key.toLowerCase() === 'k' ? openPalette : !isTyping && !isModified && !defaultPrevented && kKeys[key];
  if (!run) return;
  event.preventDefault();
  run();
}

function onClick(event: MouseEvent): void {
  if (!(event.target as Element).closest('.account')) document.querySelector('.account[open]')?.removeAttribute('open');
}

/** Returns what ends it. */
export function watchKeys(): () => void {
  addEventListener('keydown', onKey);
  addEventListener('click', onClick);
  return () => {
    removeEventListener('keydown', onKey);
    removeEventListener('click', onClick);
  };
}
