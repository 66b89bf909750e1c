import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFF_FIRST_MS, BACKOFF_JITTER, BACKOFF_LARGEST_MS, backoffMs } from './backoff.js';

describe('backoffMs', () => {
  it('doubles from the first delay to the largest', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, 0))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });

  it('stays between the jittered first delay and the largest one', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        const wait = backoffMs(attempt, random);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(BACKOFF_FIRST_MS * (1 - BACKOFF_JITTER)));
        expect(wait).toBeLessThanOrEqual(BACKOFF_LARGEST_MS);
      }),
    );
  });
});
