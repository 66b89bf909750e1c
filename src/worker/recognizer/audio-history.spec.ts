import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioHistory } from './audio-history.js';

describe('audio history', () => {
  it('finds every kept sample by its place, and gives zeros for the rest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 30 }),
        fc.integer({ min: -20, max: 600 }),
        fc.integer({ min: 0, max: 90 }),
        (lengths, start, length) => {
          const history = new AudioHistory(50);
          let position = 0;
          for (const n of lengths) {
            history.append(Float32Array.from({ length: n }, () => ++position));
          }
          const expected = Array.from({ length }, (_, i) => {
            const at = start + i;
            return at >= 0 && at < position && at >= position - 50 ? at + 1 : 0;
          });
          expect([...history.slice(start, length)]).toEqual(expected);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });
});
