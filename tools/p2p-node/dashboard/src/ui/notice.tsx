// What was done, said for a few seconds, also to a screen reader.
import { Store, useStore } from './store';

const kShownMs = 6000;
const noticeStore = new Store<{ text: string; tone: 'ok' | 'failing' } | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, tone: 'ok' | 'failing' = 'ok'): void {
  clearTimeout(timer);
  noticeStore.set({ text, tone });
  timer = setTimeout(() => noticeStore.set(undefined), kShownMs);
}

export function NoticeHost() {
  const notice = useStore(noticeStore);
  return (
    <div class="notices" role="status">
      {notice && <div class={`notice ${notice.tone}`}>{notice.text}</div>}
    </div>
  );
}
