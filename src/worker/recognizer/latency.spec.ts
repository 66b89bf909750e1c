import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram, Rate } from './latency.js';

describe('latency histogram', () => {
  it('gives every quantile to one per cent', () => {
    const values = fc.array(fc.double({ min: 0.002, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.01, 0.5, 0.95, 1), (ms, q) => {
        const histogram = new LatencyHistogram();
        for (const value of ms) histogram.add(value);
        const sorted = [...ms].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * ms.length)) - 1]!;
        expect(Math.abs(histogram.quantile(q) / exact - 1)).toBeLessThan(0.0101);
        expect(histogram.count).toBe(ms.length);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('is zero before the first measurement and takes extremes', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.quantile(0.95)).toBe(0);
    histogram.add(0);
    histogram.add(1e9);
    expect(histogram.quantile(0.5)).toBeLessThan(0.0011);
    expect(histogram.quantile(1)).toBeGreaterThan(60_000);
  });
});

describe('rate', () => {
  it('counts the last second only', () => {
    const rate = new Rate();
    for (let ms = 0; ms < 2000; ms += 32) rate.add(ms);
    expect(rate.perSecond(1984)).toBe(32);
    expect(rate.perSecond(2500)).toBe(16);
    expect(rate.perSecond(5000)).toBe(0);
  });
});
