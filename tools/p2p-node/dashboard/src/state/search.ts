// What the command palette and the search fields find.

/** True when all words are in the text, in any order and case. */
export function matchesWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** How well `typed` fits `text`: higher is better, 0 for not at all. The letters must come in this order; at the beginning of a
 *  word, and one after the other, they count more. */
export function score(text: string, typed: string): number {
  const lower = text.toLowerCase();
  const wanted = typed.toLowerCase().replace(/\s+/g, '');
  if (wanted === '') return 1;
  const whole = lower.indexOf(typed.toLowerCase().trim());
  if (whole >= 0) return 1000 - Math.min(whole, 400) - Math.min(text.length, 200) / 10 + (whole === 0 ? 100 : 0);
  let points = 1;
  let at = -1;
  for (const letter of wanted) {
    const next = lower.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (next === at + 1) points += 3;
    if (next === 0 || !/[a-z0-9]/.test(lower[next - 1]!)) points += 5;
    at = next;
  }
  return Math.max(1, points - text.length / 20);
}

/** The best fitting ones first, at most `limit`; equal ones stay in their order. */
export function rank<T>(items: readonly T[], text: (item: T) => string, typed: string, limit: number): T[] {
  return items
    .map((item) => ({ item, points: score(text(item), typed) }))
    .filter((one) => one.points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, limit)
    .map((one) => one.item);
}
