import { describe, expect, it } from 'vitest';
import { Ring } from '../src/state/ring';

const all = (ring: Ring<number>) => ring.slice(ring.begin, ring.end);

describe('the ring', () => {
  it('keeps the newest rows, and their numbers', () => {
    const ring = new Ring<number>(5);
    ring.push([0, 1, 2, 3]);
    expect(ring.push([4, 5, 6])).toBe(2);
    expect(all(ring)).toEqual([2, 3, 4, 5, 6]);
    expect([ring.begin, ring.end, ring.at(4), ring.at(1), ring.at(7)]).toEqual([2, 7, 4, undefined, undefined]);
  });

  it('takes more at once than it holds', () => {
    const ring = new Ring<number>(3);
    ring.push([0]);
    expect(ring.push([1, 2, 3, 4, 5])).toBe(3);
    expect(all(ring)).toEqual([3, 4, 5]);
    expect(ring.at(5)).toBe(5);
  });

  it('puts rows before the first, and drops the newest for them', () => {
    const ring = new Ring<number>(4);
    ring.push([10, 11, 12]);
    expect(ring.unshift([8, 9])).toBe(1);
    expect(all(ring)).toEqual([8, 9, 10, 11]);
    expect([ring.begin, ring.at(-2), ring.at(0)]).toEqual([-2, 8, 10]);
  });

  it('replaces a row by several, and rows after it keep their numbers', () => {
    const ring = new Ring<number>(10);
    ring.push([1, 0, 5]);
    ring.replace(1, [2, 3, 4]);
    expect(all(ring)).toEqual([1, 2, 3, 4, 5]);
    expect(ring.at(2)).toBe(5);
  });

  it('agrees with an array, whatever is done to it', () => {
    const ring = new Ring<number>(17, 4);
    let model: number[] = [];
    let seed = 1;
    const random = (limit: number) => (seed = (seed * 48271) % 2147483647) % limit;
    for (let i = 0; i < 2000; ++i) {
      const rows = Array.from({ length: random(7) }, () => random(1000));
      if (random(3) > 0) {
        ring.push(rows);
        model = [...model, ...rows].slice(-17);
      } else {
        ring.unshift(rows);
        model = [...rows, ...model].slice(0, 17);
      }
      expect(all(ring)).toEqual(model);
    }
  });
});
