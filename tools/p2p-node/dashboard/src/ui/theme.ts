// Dark or light: as the system is, unless somebody chose.
import { Store } from './store';

export type Theme = 'dark' | 'light';
const kKey = 'p2p_theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function chosen(): Theme | undefined {
  const kept = localStorage.getItem(kKey);
  return kept === 'dark' || kept === 'light' ? kept : undefined;
}

function current(): Theme {
  return chosen() ?? (system.matches ? 'dark' : 'light');
}

export const themeStore = new Store<Theme>(current());

function apply(): void {
  document.documentElement.dataset.theme = current();
  themeStore.set(current());
}

export function watchTheme(): void {
  system.addEventListener('change', apply);
  apply();
}

export function toggleTheme(): void {
  const next: Theme = current() === 'dark' ? 'light' : 'dark';
  // What the system says already need not be kept; the page then follows it again.
  if ((next === 'dark') === system.matches) localStorage.removeItem(kKey);
  else localStorage.setItem(kKey, next);
  apply();
}
