import { describe, expect, it } from 'vitest';
import { quietTail } from './tail.js';

const rms = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

describe('the tail after a recording', () => {
  it('has the level of the quietest tenth of a second', () => {
    const before = Float32Array.from({ length: 16_000 }, (_, i) => (i >= 8000 && i < 9600 ? 0.01 : 0.5));
    expect(rms(quietTail(before, 10_000))).toBeCloseTo(0.01, 3);
  });

  it('is silent after digital silence or a sound that is too short to tell', () => {
    expect(rms(quietTail(new Float32Array(16_000), 1000))).toBe(0);
    expect(rms(quietTail(new Float32Array(100).fill(1), 1000))).toBe(0);
  });
});
