// When something is loaded again.

/** What is used of `document`. */
export type Sight = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly hidden: boolean };

/** Loads now, though nobody may look yet, as in a tab that was opened in the background. Then, with `refreshMs` > 0, each so many
 *  milliseconds while the page is in sight, and when it comes into sight. Returns what ends that. */
export function keepLoaded(page: Sight, load: () => void, refreshMs: number): () => void {
  const refresh = () => {
    if (!page.hidden) load();
  };
  load();
  if (refreshMs <= 0) return () => {};
  const timer = setInterval(refresh, refreshMs);
  page.addEventListener('visibilitychange', refresh);
  return () => {
    clearInterval(timer);
    page.removeEventListener('visibilitychange', refresh);
  };
}
