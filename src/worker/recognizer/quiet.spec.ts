import { describe, expect, it } from 'vitest';
import { quietBeside } from './quiet.js';

const rms = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

describe('the quiet beside a recording', () => {
  it('has the level of its quietest tenth of a second', () => {
    const sound = Float32Array.from({ length: 16_000 }, (_, i) => (i >= 8000 && i < 9600 ? 0.01 : 0.5));
    expect(rms(quietBeside(sound, 10_000))).toBeCloseTo(0.01, 3);
    expect(rms(quietBeside(new Float32Array(512).fill(0.1), 10_000))).toBeCloseTo(0.1, 2);
  });

  it('is silent beside digital silence or nothing', () => {
    expect(rms(quietBeside(new Float32Array(16_000), 1000))).toBe(0);
    expect(rms(quietBeside(new Float32Array(0), 1000))).toBe(0);
  });
});
