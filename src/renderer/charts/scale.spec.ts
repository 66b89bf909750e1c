import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScale, ticks } from './scale.js';

describe('linearScale', () => {
  it('maps ends to ends, also downwards', () => {
    const y = linearScale([0, 1], [200, 0]);
    expect([y(0), y(0.25), y(1)]).toEqual([200, 150, 0]);
  });

  it('does not divide by an empty domain', () => {
    expect(linearScale([3, 3], [10, 20])(3)).toBe(10);
  });
});

describe('ticks', () => {
  it('gives the values that a person would write', () => {
    expect(ticks(0, 0.5, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(ticks(0, 100, 4)).toEqual([0, 50, 100]);
    expect(ticks(-80, 0, 4)).toEqual([-80, -60, -40, -20, 0]);
  });

  it('has nothing to say about an empty or infinite range', () => {
    expect(ticks(1, 1, 5)).toEqual([]);
    expect(ticks(2, 1, 5)).toEqual([]);
    expect(ticks(0, Infinity, 5)).toEqual([]);
  });

  it('stays inside, ascends and does not exceed the count by more than the ends', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (low, span, count) => {
          const values = ticks(low, low + span, count);
          expect(values.length).toBeLessThanOrEqual(count + 1);
          for (let i = 0; i < values.length; i++) {
            expect(values[i]).toBeGreaterThanOrEqual(low - span * 1e-6);
            expect(values[i]).toBeLessThanOrEqual(low + span * (1 + 1e-6));
            if (i > 0) expect(values[i]).toBeGreaterThan(values[i - 1]!);
          }
        },
      ),
    );
  });
});
