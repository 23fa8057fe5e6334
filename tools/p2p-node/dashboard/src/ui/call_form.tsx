// Calls a method with a form made from its schema.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Failure, callText } from '../net/http';
import { meaningOf } from '../state/call_error';
import { escapeControls } from '../state/escape';
import { formatMs } from '../state/format';
import { indentJson } from '../state/json_text';
import type { MethodDescription } from '../state/protocol';
import { formOf, initialValues, mayBeEmpty, paramsText, type Field } from '../state/schema_form';

interface FieldProps {
  field: Field;
  id: string;
  value: string;
  flaw: string | undefined;
  onInput: (value: string) => void;
}

function Input({ field, id, value, flaw, onInput }: FieldProps) {
  const common = { id, 'aria-invalid': flaw ? true : undefined, 'aria-describedby': `${id}-hint`, required: field.isRequired };
  switch (field.kind) {
    case 'boolean':
    case 'choice': {
      const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices;
      return (
        <select class="field" {...common} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          <option value="">{field.isRequired ? 'choose…' : 'not given'}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice.startsWith('"') ? (JSON.parse(choice) as string) : choice}
            </option>
          ))}
        </select>
      );
    }
    case 'lines':
    case 'json':
      return (
        <textarea
          class="field mono"
          rows={3}
          {...common}
          placeholder={field.kind === 'lines' ? 'one a line' : 'JSON'}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      );
    default:
      return (
        <input
          class="field"
          type="text"
          inputMode={field.kind === 'text' ? undefined : field.kind === 'integer' ? 'numeric' : 'decimal'}
          {...common}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      );
  }
}

const kWhole: Field = { name: '', kind: 'json', label: 'Parameters', hint: 'as JSON', isRequired: false, initial: '', choices: [] };

/** `why`: what the code of an error means. `isOld`: other values were typed since. */
type Outcome = { ok: boolean; text: string; why?: string; ms: number; isOld?: boolean };

export function CallForm({ service, node, method }: { service: string; node: string; method: MethodDescription }) {
  const form = formOf(method.params);
  const [typed, setTyped] = useState<Record<string, string>>(() => initialValues(form));
  const [flaws, setFlaws] = useState<Record<string, string>>({});
  const [outcome, setOutcome] = useState<Outcome>();
  const [isBusy, setBusy] = useState(false);
  const [empty, setEmpty] = useState<ReadonlySet<string>>(new Set());
  const element = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => element.current!.querySelector<HTMLElement>('.field, button')!.focus(), []);
  useLayoutEffect(() => element.current!.querySelector<HTMLElement>('[aria-invalid]')?.focus(), [flaws]);
  const fields = form.fields ?? [kWhole];

  const run = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const params = paramsText(form, typed, empty);
    setFlaws(params.ok ? {} : params.flaws);
    setOutcome(undefined);
    if (!params.ok) return;
    setBusy(true);
    const began = performance.now();
    try {
      const answer = await callText(`${service}.${method.name}`, params.text, { target: `node:${node}`, timeoutMs: method.timeout_ms });
      setOutcome({ ok: true, text: indentJson(answer), ms: performance.now() - began });
    } catch (error) {
      const { message, code } = error as Failure;
      setOutcome({ ok: false, text: message, why: code ? `: ${meaningOf(code)}` : '', ms: performance.now() - began });
    }
    setBusy(false);
  };

  const change = (name: string, value: string) => {
    setTyped({ ...typed, [name]: value });
    setOutcome(outcome && { ...outcome, isOld: true });
  };
  const markEmpty = (name: string, isMeant: boolean) => setEmpty(new Set(isMeant ? [...empty, name] : [...empty].filter((one) => one !== name)));

  return (
    <form
      class="call"
      ref={element}
      onSubmit={(event) => void run(event)}
      onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && void run(event)}
      noValidate
    >
      {fields.length === 0 && <p class="muted">It takes no parameters.</p>}
      {fields.map((field) => {
        const id = `call-${method.name}-${field.name || 'params'}`;
        const flaw = empty.has(field.name) ? undefined : flaws[field.name];
        return (
          <div class="call-field" key={field.name}>
            <label for={id}>
              {field.label}
              {field.isRequired && <span class="muted"> (needed)</span>}
            </label>
            <Input field={field} id={id} value={typed[field.name] ?? ''} flaw={flaw} onInput={(value) => change(field.name, value)} />
            <p id={`${id}-hint`} class={flaw ? 'bad-text' : 'muted'}>
              {flaw ?? field.hint}
            </p>
            {mayBeEmpty(field) && !typed[field.name] && (
              <label class="inline-label muted">
                <input type="checkbox" checked={empty.has(field.name)} onChange={(event) => markEmpty(field.name, event.currentTarget.checked)} />
                send it as an empty text
              </label>
            )}
          </div>
        );
      })}
      <div class="call-actions">
        <button type="submit" class="button primary" disabled={isBusy} title="Ctrl+Enter">
          {isBusy ? 'Calling…' : `Call on ${node}`}
        </button>
        {method.idempotent === false && <span class="muted">It may change something: it is sent once, never again by itself.</span>}
      </div>
      <div role="status">
        {outcome && (
          <>
            <p class={outcome.ok ? 'muted' : 'bad-text'}>
              {outcome.ok ? 'Answered' : 'Failed'} on {node} after {formatMs(outcome.ms)}
              {outcome.why}
              {outcome.isOld && ', with other values than those above'}
            </p>
            <pre class={`result ${outcome.ok ? '' : 'bad-text'} ${outcome.isOld ? 'old' : ''}`} tabIndex={0} aria-label="Answer">
              {outcome.text.split('\n').map(escapeControls).join('\n')}
            </pre>
          </>
        )}
      </div>
    </form>
  );
}
