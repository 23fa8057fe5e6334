// Fields of the toolbars.
import { useEffect, useRef, useState } from 'preact/hooks';

const kTypingMs = 250;

interface TextProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  /** What may be typed, offered while typing. */
  suggestions?: readonly string[];
  isCode?: boolean;
}

/** Tells of a change once typing has stopped for a moment, or at once by Enter. */
export function TextField({ label, value, onChange, placeholder, suggestions, isCode }: TextProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const list = suggestions && suggestions.length > 0 ? `list-${label.replace(/\W+/g, '-')}` : undefined;
  useEffect(() => {
    setTyped(value);
    return () => clearTimeout(timer.current);
  }, [value]);
  const tell = (text: string) => {
    clearTimeout(timer.current);
    if (text !== value) onChange(text);
  };
  return (
    <>
      <input
        type="search"
        class={isCode ? 'field mono' : 'field'}
        aria-label={label}
        title={label}
        placeholder={placeholder ?? label}
        value={typed}
        list={list}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => tell(text), kTypingMs);
        }}
        onKeyDown={(event) => event.key === 'Enter' && tell(typed)}
      />
      {list && (
        <datalist id={list}>
          {suggestions!.slice(0, 200).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

export interface Option {
  value: string;
  title: string;
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: readonly Option[];
  onChange: (value: string) => void;
}

export function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <select class="field" aria-label={label} title={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {choices.map((one) => (
        <option key={one.value} value={one.value}>
          {one.title}
        </option>
      ))}
    </select>
  );
}

export function Segments({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((one) => (
        <button key={one.value} type="button" aria-pressed={one.value === value} onClick={() => onChange(one.value)}>
          {one.title}
        </button>
      ))}
    </div>
  );
}
