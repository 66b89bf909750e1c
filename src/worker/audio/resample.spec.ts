import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from './resample.js';

const sine = (hz: number, rate: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));

/** Energy in dB of the middle of a sound, 0 dB being a full-scale sine. */
function levelDb(sound: Float32Array): number {
  const middle = sound.subarray(400, sound.length - 400);
  return 10 * Math.log10((2 * middle.reduce((sum, value) => sum + value * value, 0)) / middle.length + 1e-20);
}

describe('resample', () => {
  it('has the exact length for any length and rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.constantFrom(8000, 11_025, 22_050, 32_000, 44_100, 48_000),
        (length, rate) => {
          expect(resample(new Float32Array(length), rate, 16_000)).toHaveLength(Math.round((length * 16_000) / rate));
        },
      ),
    );
  });

  it('keeps what lies in the pass band, to better than 80 dB', () => {
    for (const [rate, hz] of [
      [48_000, 7200],
      [44_100, 3000],
      [8000, 3400],
    ] as const) {
      const out = resample(sine(hz, rate, rate), rate, 16_000);
      const error = out.map((value, i) => value - Math.sin((2 * Math.PI * hz * i) / 16_000));
      expect(levelDb(error), `${hz} Hz at ${rate}`).toBeLessThan(-80);
    }
  });

  it('removes what would alias or mirror, to better than 80 dB', () => {
    expect(levelDb(resample(sine(8050, 48_000, 24_000), 48_000, 16_000))).toBeLessThan(-80);
    const up = resample(sine(1000, 8000, 8000), 8000, 16_000);
    const own = sine(1000, 16_000, up.length);
    expect(levelDb(up.map((value, i) => value - own[i]!))).toBeLessThan(-80);
  });

  it('keeps a constant constant', () => {
    const out = resample(new Float32Array(2000).fill(0.5), 44_100, 16_000);
    for (let i = 100; i < out.length - 100; i++) expect(out[i]).toBeCloseTo(0.5, 5);
  });

  it('leaves the same rate as it is', () => {
    const sound = sine(100, 16_000, 10);
    expect(resample(sound, 16_000, 16_000)).toBe(sound);
  });
});
