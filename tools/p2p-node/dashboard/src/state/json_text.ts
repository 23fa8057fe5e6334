// JSON as text: a result is shown with every digit that the node sent, which a number of JavaScript would not keep.

/** Where the value that begins at `from` ends. `text` is valid JSON. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; ++i) {
    const c = text[i];
    if (c === '"') {
      while (text[++i] !== '"') if (text[i] === '\\') ++i;
      if (depth === 0) return i + 1;
    } else if (c === '{' || c === '[') {
      ++depth;
    } else if (c === '}' || c === ']') {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (c === ',' && depth === 0) {
      return i;
    }
  }
  return text.length;
}

/** The text of a member of an object, or undefined. `text` is valid JSON. */
export function memberText(text: string, name: string): string | undefined {
  let i = text.indexOf('{') + 1;
  while (i > 0 && i < text.length) {
    const quote = text.indexOf('"', i);
    if (quote < 0) return undefined;
    const keyEnd = endOfValue(text, quote);
    const value = text.indexOf(':', keyEnd) + 1;
    const end = endOfValue(text, value);
    if (JSON.parse(text.slice(quote, keyEnd)) === name) return text.slice(value, end).trim();
    i = end + 1;
  }
  return undefined;
}

/** The same JSON with a line for each member. `text` is valid JSON. */
export function indentJson(text: string): string {
  let out = '';
  let depth = 0;
  const newLine = () => `\n${'  '.repeat(depth)}`;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i]!;
    if (c === '"') {
      const end = endOfValue(text, i);
      // The nesting is not counted inside a text.
      out += text.slice(i, end);
      i = end - 1;
    } else if (c === '{' || c === '[') {
      const rest = /^\s*[}\]]/.exec(text.slice(i + 1, i + 64));
      if (rest) {
        out += c + rest[0].trim();
        i += rest[0].length;
      } else {
        ++depth;
        out += c + newLine();
      }
    } else if (c === '}' || c === ']') {
      --depth;
      out += newLine() + c;
    } else if (c === ',') {
      out += c + newLine();
    } else if (c === ':') {
      out += ': ';
    } else if (!/\s/.test(c)) {
      out += c;
    }
  }
  return out;
}
