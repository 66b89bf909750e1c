import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIVE_FEATURES, WINDOW_VALUES } from '../../shared/features.js';
import { fitClip, frameRun } from './framing.js';
import { finishWindows, standardise, toDecibels } from './window.js';

const powers = fc.float32Array({ min: 0, noNaN: true, noDefaultInfinity: true, minLength: 4, maxLength: 64 });

describe('toDecibels', () => {
  it('lies in [-floor, 0] with a 0, for any powers', () => {
    fc.assert(
      fc.property(powers, fc.double({ min: 1, max: 200, noNaN: true }), (power, floorDb) => {
        const out = new Float32Array(power.length);
        toDecibels(power, floorDb, out);
        expect(Math.max(...out)).toBe(0);
        expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.fround(-floorDb));
      }),
    );
  });

  it('is 0 dB everywhere for silence, as published', () => {
    const out = new Float32Array(4).fill(7);
    toDecibels(new Float32Array(4), 80, out);
    expect(Array.from(out)).toEqual([0, 0, 0, 0]);
  });

  it('does not depend on the gain', () => {
    const a = new Float32Array(3);
    const b = new Float32Array(3);
    toDecibels(Float32Array.of(1, 0.1, 0.002), 80, a);
    toDecibels(Float32Array.of(100, 10, 0.2), 80, b);
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 4));
  });
});

describe('standardise', () => {
  it('gives mean 0 and deviation 1', () => {
    const window = Float32Array.from({ length: WINDOW_VALUES }, (_, i) => -((i * 37) % 80));
    standardise(window);
    const mean = window.reduce((a, b) => a + b) / WINDOW_VALUES;
    expect(mean).toBeCloseTo(0, 5);
    expect(window.reduce((a, b) => a + (b - mean) ** 2, 0) / WINDOW_VALUES).toBeCloseTo(1, 5);
  });

  it('divides by at least 1 dB', () => {
    const window = Float32Array.of(0, 0, 0.5, 0.5);
    standardise(window);
    expect(Array.from(window)).toEqual([-0.25, -0.25, 0.25, 0.25]);
  });

  it('is done per window, and only where the spec says so', () => {
    const windows = Float32Array.from({ length: 2 * WINDOW_VALUES }, (_, i) => (i < WINDOW_VALUES ? -(i % 7) : -(i % 70)));
    expect(finishWindows(LIVE_FEATURES, windows.slice())).toEqual(windows);
    const finished = finishWindows({ ...LIVE_FEATURES, standardise: true }, windows.slice());
    const second = windows.slice(WINDOW_VALUES);
    standardise(second);
    expect(finished.subarray(WINDOW_VALUES)).toEqual(second);
    expect(() => finishWindows(LIVE_FEATURES, new Float32Array(5))).toThrow(RangeError);
  });
});

describe('framing', () => {
  const clip = Float32Array.from({ length: 16_000 }, (_, i) => i);

  it('gives a clip 960 zeros on each side for the stream', () => {
    const run = frameRun('stream', clip);
    expect(run).toHaveLength(17_920);
    expect([run[959], run[960], run[16_959], run[16_960]]).toEqual([0, 0, 15_999, 0]);
    expect(frameRun('stream', run)).toBe(run);
  });

  it('reflects a centred clip about its first and last sample', () => {
    const run = frameRun('centred', clip);
    expect(run).toHaveLength(18_048);
    expect([run[0], run[1023], run[1024], run[1025]]).toEqual([1024, 1, 0, 1]);
    expect([run[17_023], run[17_024], run[18_047]]).toEqual([15_999, 15_998, 14_975]);
    expect(() => frameRun('centred', run)).toThrow(RangeError);
  });

  it('cuts and pads clips at their end', () => {
    expect(fitClip(new Float32Array(3).fill(1)).subarray(0, 4)).toEqual(Float32Array.of(1, 1, 1, 0));
    expect(fitClip(new Float32Array(20_000).fill(1))).toHaveLength(16_000);
  });
});
