// A media query, followed.
import { useEffect, useState } from 'preact/hooks';

export const kNarrow = '(max-width: 699px)';

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const check = () => setMatches(list.matches);
    check();
    list.addEventListener('change', check);
    return () => list.removeEventListener('change', check);
  }, [query]);
  return matches;
}
