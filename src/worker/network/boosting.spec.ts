import { describe, expect, it } from 'vitest';
import { binaryEntropy, boostFactors, layerEntropy, targetDutyCycle, updateDutyCycle, withBoostScale } from './boosting.js';
import { presetNetwork } from './presets.js';

describe('boosting', () => {
  it('has the shape of FIG. 6: 1 at the target, falling as the duty cycle rises', () => {
    const factors = boostFactors(Float32Array.of(0, 0.1, 0.2, 0.5, 1), 0.1, 1.5);
    expect(factors[0]).toBeCloseTo(Math.exp(0.15), 6);
    expect(factors[1]).toBeCloseTo(1, 6);
    expect(factors[4]).toBeCloseTo(Math.exp(-1.35), 6);
    for (let i = 1; i < factors.length; i++) expect(factors[i]!).toBeLessThan(factors[i - 1]!);
  });

  it('is 1 everywhere at strength 0', () => {
    expect([...boostFactors(Float32Array.of(0, 0.5, 1), 0.1, 0)]).toEqual([1, 1, 1]);
  });

  it('aims at the fraction of winners, per layer, per position and per group', () => {
    const tensor = { channels: 64, height: 14, width: 14 };
    expect(targetDutyCycle({ selection: { kind: 'global' }, count: { k: 1200 } }, tensor)).toBeCloseTo(0.0957, 4);
    expect(targetDutyCycle({ selection: { kind: 'local' }, count: { percentOn: 0.1 } }, tensor)).toBe(6 / 64);
    expect(targetDutyCycle({ selection: { kind: 'group', size: 8 }, count: { k: 2 } }, tensor)).toBe(0.25);
  });
});

describe('a network after training', () => {
  it('keeps the boost strength of its last epoch', () => {
    const strengths = withBoostScale(presetNetwork('WtSparsity11'), 0.9 ** 30).layers.map(({ activation }) =>
      activation.kind === 'kWinners' ? +activation.boosting.strength.toFixed(4) : null,
    );
    expect(strengths).toEqual([0.0636, 0.0636, 0.0636, null]);
  });
});

describe('duty cycle', () => {
  it('follows a calculation by hand', () => {
    const duty = Float32Array.of(0.5, 0, 0.25);
    // A period of 10 and a batch of 4: d <- (6 d + wins) / 10.
    updateDutyCycle(duty, [4, 0, 2], 4, 100, 10);
    expect([...duty].map((d) => +d.toFixed(6))).toEqual([0.7, 0, 0.35]);
  });

  it('averages over the samples seen so far while they are fewer than the period', () => {
    const duty = new Float32Array(2);
    updateDutyCycle(duty, [2, 0], 2, 2, 1000);
    expect([...duty]).toEqual([1, 0]);
    updateDutyCycle(duty, [0, 1], 2, 4, 1000);
    expect([...duty]).toEqual([0.5, 0.25]);
  });

  it('never goes negative when a batch is larger than the period', () => {
    const duty = Float32Array.of(0.8);
    updateDutyCycle(duty, [500], 2000, 5000, 1000);
    expect(duty[0]).toBe(0.25);
  });
});

describe('entropy', () => {
  it('is at its maximum when all units win equally often', () => {
    const even = layerEntropy([0.25, 0.25, 0.25, 0.25], 0.25);
    expect(even.entropy).toBeCloseTo(even.maximum, 12);
    expect(even.maximum).toBeCloseTo(4 * 0.811278, 5);
    const dominated = layerEntropy([1, 0, 0, 0], 0.25);
    expect(dominated.entropy).toBe(0);
    expect(binaryEntropy(0.5)).toBe(1);
  });
});
