// Text of others as p2p-logs shows it (unsafe_character of libcommon/base/utf8.hpp): control characters, those that end a line, and
// those that turn the direction of writing become visible; everything else stays.

// C0, DEL, C1, the marks, U+2028 to U+202E, U+2066 to U+2069, and halves of a surrogate pair that stand alone.
const kUnsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const kNamed: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };
const encoder = new TextEncoder();

function escapeOne(character: string): string {
  const named = kNamed[character];
  if (named) return named;
  return Array.from(encoder.encode(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

export function escapeControls(text: string): string {
  return text.replace(kUnsafe, escapeOne);
}
