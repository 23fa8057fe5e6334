// What was done, said for a few seconds, also to a screen reader.
import { Store, useStore } from './store';

/** What went wrong takes longer to read. */
const kShownMs = { ok: 6000, failing: 15_000 };
const noticeStore = new Store<{ text: string; tone: 'ok' | 'failing' } | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, tone: 'ok' | 'failing' = 'ok'): void {
  clearTimeout(timer);
  noticeStore.set({ text, tone });
  timer = setTimeout(() => noticeStore.set(undefined), kShownMs[tone]);
}

export function NoticeHost() {
  const notice = useStore(noticeStore);
  return (
    <div class="notices" role="status">
      {notice && <div class={`notice ${notice.tone}`}>{notice.text}</div>}
    </div>
  );
}
