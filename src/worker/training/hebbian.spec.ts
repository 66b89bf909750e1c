import { describe, expect, it } from 'vitest';
import { HebbianLayer, oja } from './hebbian.js';
import { Random } from './random.js';

const options = { inputs: 4, units: 8, k: 2, learningRate: 0.05, boostStrength: 0, dutyCyclePeriod: 100, seed: 1 };

describe("Oja's rule", () => {
  it('follows its definition on a hand example', () => {
    const w = Float32Array.from([0.6, 0.8]);
    // y = 0.6 x 1 + 0.8 x 2 = 2.2; w + 0.1 x 2.2 (x - 2.2 w)
    oja(w, Float32Array.from([1, 2]), 2.2, 0.1);
    expect(w[0]).toBeCloseTo(0.6 + 0.22 * (1 - 1.32), 6);
    expect(w[1]).toBeCloseTo(0.8 + 0.22 * (2 - 1.76), 6);
  });

  it('finds the direction of largest variance, at length 1', () => {
    const random = new Random(3);
    const w = Float32Array.from([0.3, -0.2]);
    for (let i = 0; i < 4000; i++) {
      // Spread 2 along (0.6, 0.8), 0.2 across it.
      const [along, across] = [random.uniform(-2, 2), random.uniform(-0.2, 0.2)];
      const x = Float32Array.from([0.6 * along - 0.8 * across, 0.8 * along + 0.6 * across]);
      oja(w, x, w[0]! * x[0]! + w[1]! * x[1]!, 0.01);
    }
    const sign = Math.sign(w[0]!);
    expect(w[0]! * sign).toBeCloseTo(0.6, 1);
    expect(w[1]! * sign).toBeCloseTo(0.8, 1);
  });
});

describe('HebbianLayer', () => {
  it('changes only the winners, and passes exactly k', () => {
    const layer = new HebbianLayer(options);
    const before = layer.weight.slice();
    const x = Float32Array.from([1, -0.5, 0.25, 2]);
    const code = layer.encode(x, 1);
    const winners = [...code.keys()].filter((unit) => code[unit] !== 0);
    expect(winners).toHaveLength(2);
    layer.learn(x, 1);
    for (let unit = 0; unit < 8; unit++) {
      const changed = [0, 1, 2, 3].some((i) => layer.weight[unit * 4 + i] !== before[unit * 4 + i]);
      expect(changed).toBe(winners.includes(unit));
    }
    expect([...layer.dutyCycle]).toEqual([...code].map((value) => (value === 0 ? 0 : 1)));
  });

  it('uses more of its units with boosting', () => {
    const random = new Random(9);
    const inputs = Float32Array.from({ length: 4 * 2000 }, (_, i) => (i % 4 === 0 ? 1 : 0) + random.uniform(-0.3, 0.3));
    const share = (boostStrength: number) => {
      const layer = new HebbianLayer({ ...options, boostStrength });
      for (let epoch = 0; epoch < 2; epoch++) layer.learn(inputs, 2000);
      return layer.entropyShare();
    };
    expect(share(5)).toBeGreaterThan(share(0));
    expect(share(5)).toBeLessThanOrEqual(1);
  });
});
