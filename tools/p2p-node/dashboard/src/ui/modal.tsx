// A dialog over the page, which Escape closes. The focus returns to where it was.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  label: string;
  onClose: () => void;
  children: ComponentChildren;
  class?: string;
  /** A click beside it closes it as well; it has no edge of its own then. */
  isLight?: boolean;
}

export function Modal({ label, onClose, children, class: more = '', isLight }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current!.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog class={`dialog ${more}`} ref={dialog} onClose={onClose} aria-label={label} onClick={(event) => isLight && event.target === dialog.current && onClose()}>
      {children}
    </dialog>
  );
}
