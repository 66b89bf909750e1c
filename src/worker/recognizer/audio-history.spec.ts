import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioHistory } from './audio-history.js';

const CAPACITY = 50;

describe('audio history', () => {
  it('finds every kept sample by its place, across holes, and gives zeros for the rest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 70 }), fc.constantFrom(0, 0, 0, 3, 49, 200)), { maxLength: 20 }),
        fc.integer({ min: -20, max: 600 }),
        fc.integer({ min: 0, max: 90 }),
        (runs, start, length) => {
          const history = new AudioHistory(CAPACITY);
          const stream = new Map<number, number>();
          let end = 0;
          for (const [n, hole] of runs) {
            const from = end + hole;
            history.append(
              Float32Array.from({ length: n }, (_, i) => from + i + 1),
              from,
            );
            for (let i = 0; i < n; i++) stream.set(from + i, from + i + 1);
            end = from + n;
          }
          const expected = Array.from({ length }, (_, i) => {
            const at = start + i;
            return at >= end - CAPACITY ? (stream.get(at) ?? 0) : 0;
          });
          expect([...history.slice(start, length)]).toEqual(expected);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });
});
