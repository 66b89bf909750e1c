import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsHalf, fromHalfBits, halfBits } from './half.js';

describe('half precision', () => {
  it('returns every one of its own numbers unchanged', () => {
    const all = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => !Number.isNaN(fromHalfBits(bits)));
    expect(all.filter((bits) => halfBits(fromHalfBits(bits)) !== bits)).toEqual([]);
  });

  it('rounds to the nearest, halves to even', () => {
    expect(fromHalfBits(halfBits(1 + 2 ** -11))).toBe(1);
    expect(fromHalfBits(halfBits(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(fromHalfBits(halfBits(2 ** -25))).toBe(0);
    expect(fromHalfBits(halfBits(3 * 2 ** -25))).toBe(2 ** -23);
    expect(fromHalfBits(halfBits(65_520))).toBe(Infinity);
    expect(fitsHalf(Float32Array.of(-65_504, 65_504))).toBe(true);
    expect(fitsHalf(Float32Array.of(65_505))).toBe(false);
  });

  it('is never further off than half a step', () => {
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
        const step = 2 ** Math.max(-24, Math.floor(Math.log2(Math.abs(value) || 1)) - 10);
        expect(Math.abs(fromHalfBits(halfBits(value)) - value)).toBeLessThanOrEqual(step / 2);
      }),
    );
  });
});
