// A question before a change, which says what the change affects.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Modal } from './modal';
import { Store, useStore } from './store';

export interface Question {
  title: string;
  body: ComponentChildren;
  /** What the button says: the change itself. */
  action: string;
  isDangerous?: boolean;
  /** Throws with one sentence where it failed. */
  run: () => Promise<void>;
}

const questionStore = new Store<Question | undefined>(undefined);

export function ask(question: Question): void {
  questionStore.set(question);
}

function Dialog({ question }: { question: Question }) {
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);
  const close = () => questionStore.set(undefined);
  const run = async () => {
    setBusy(true);
    setFailure('');
    try {
      await question.run();
      close();
    } catch (error) {
      setFailure((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Modal label={question.title} onClose={close}>
      <h2>{question.title}</h2>
      <div class="dialog-body">{question.body}</div>
      {failure && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class={`button ${question.isDangerous ? 'danger' : 'primary'}`} disabled={isBusy} onClick={() => void run()}>
          {isBusy ? 'Working…' : question.action}
        </button>
      </div>
    </Modal>
  );
}

export function QuestionHost() {
  const question = useStore(questionStore);
  return question ? <Dialog key={question.title} question={question} /> : null;
}
