import { describe, expect, it } from 'vitest';
import {
  binomial,
  matchProbability,
  overlapSetSize,
  scalarMatchProbability,
  scalarThreshold,
  simulateBinaryMatches,
  simulateSkewedMatches,
  toNumber,
} from './match-theory.js';

/** mulberry32: a small generator of its own, so that the expectation does not share code with what it checks. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('match theory', () => {
  it('counts by hand: vectors of 2 of 5 that share b bits with one of 3', () => {
    expect([0, 1, 2].map((b) => overlapSetSize(5, 3, b, 2))).toEqual([1n, 6n, 3n]);
    expect(binomial(5, 2)).toBe(10n);
  });

  it('gives the published probability for a=64, n=300, s=24, theta=12', () => {
    expect(toNumber(matchProbability({ n: 300, a: 64, s: 24, theta: 12 }))).toBeCloseTo(1.09462e-3, 8);
  });

  it('keeps the dense line high, as Eq. 3 says and the published figure does not', () => {
    for (const n of [300, 1000, 2500]) {
      const dense = toNumber(matchProbability({ n, a: n / 2, s: 24, theta: 12 }));
      expect(dense).toBeGreaterThan(0.58);
      expect(dense).toBeLessThan(0.585);
    }
  });

  it('stays exact where doubles underflow', () => {
    const tiny = matchProbability({ n: 4096, a: 24, s: 24, theta: 24 });
    expect(tiny.numerator).toBe(1n);
    expect(toNumber(tiny)).toBeCloseTo(1 / Number(binomial(4096, 24)), 80);
    expect(toNumber({ numerator: 1n, denominator: 2n ** 1030n })).toBe(2 ** -1030);
  });

  it('agrees with simulation', () => {
    const parameters = { n: 100, a: 40, s: 24, theta: 12 };
    const exact = toNumber(matchProbability(parameters));
    const trials = 20_000;
    const deviation = Math.sqrt((exact * (1 - exact)) / trials);
    expect(Math.abs(simulateBinaryMatches(parameters, trials, generator(1)) - exact)).toBeLessThan(5 * deviation);
  });

  it('errs one time in ten when there are ten inputs', () => {
    const rate = simulateSkewedMatches({ n: 1000, a: 24, s: 24, theta: 12 }, 10, 20_000, generator(2));
    expect(rate).toBeGreaterThan(0.09);
    expect(rate).toBeLessThan(0.11);
  });

  it('falls with the dimension and rises with the scale for scalar vectors, near the published points', () => {
    expect(scalarThreshold(32)).toBeCloseTo(0.0052083, 6);
    const at = (n: number, scale: number) => scalarMatchProbability({ n, a: 64, k: 32, scale }, 4000, generator(3));
    expect(at(250, 1)).toBeGreaterThan(3.65e-3 / 1.5);
    expect(at(250, 1)).toBeLessThan(3.65e-3 * 1.5);
    expect(at(500, 1)).toBeLessThan(at(250, 1) / 5);
    expect(at(1000, 4)).toBeGreaterThan(0.05);
  });

  it('refuses what is no vector', () => {
    expect(() => matchProbability({ n: 10, a: 11, s: 3, theta: 1 })).toThrow(RangeError);
    expect(() => matchProbability({ n: 1e9, a: 1, s: 1, theta: 1 })).toThrow(RangeError);
  });
});
