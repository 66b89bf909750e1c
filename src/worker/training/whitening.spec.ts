import { expect, it } from 'vitest';
import { Random } from './random.js';
import { Whitening } from './whitening.js';

const WIDTH = 6;
const COUNT = 3000;

/** Correlated values with a mean: mixtures of independent ones. */
function inputs(): Float32Array {
  const random = new Random(4);
  const mixture = Float64Array.from({ length: WIDTH * WIDTH }, () => random.uniform(-1, 1));
  const result = new Float32Array(WIDTH * COUNT);
  for (let s = 0; s < COUNT; s++) {
    const sources = Array.from({ length: WIDTH }, () => random.uniform(-1, 1) * 3);
    for (let i = 0; i < WIDTH; i++)
      result[s * WIDTH + i] = 5 - i + sources.reduce((sum, source, j) => sum + mixture[i * WIDTH + j]! * source, 0);
  }
  return result;
}

it('makes values uncorrelated, of equal variance and mean 0, at length 1', () => {
  const white = Whitening.fit(inputs(), WIDTH, 1e-9).apply(inputs());
  for (let i = 0; i < WIDTH; i++) {
    let mean = 0;
    for (let s = 0; s < COUNT; s++) mean += white[s * WIDTH + i]! / COUNT;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let s = 0; s < COUNT; s++) product += (white[s * WIDTH + i]! * white[s * WIDTH + j]!) / COUNT;
      // Of length 1, so that the variances add up to 1.
      expect(product).toBeCloseTo(i === j ? 1 / WIDTH : 0, 1);
    }
  }
  for (let s = 0; s < COUNT; s += 100) expect(Math.hypot(...white.subarray(s * WIDTH, (s + 1) * WIDTH))).toBeCloseTo(1, 5);
});

it('solves a hand example', () => {
  // Two samples at +-(1, 1): covariance [[1, 1], [1, 1]], with shrinkage 1 [[2, 1], [1, 2]].
  const white = Whitening.fit(Float32Array.from([1, 1, -1, -1]), 2, 1).apply(Float32Array.from([1, 1]));
  // L = [[sqrt 2, 0], [1 / sqrt 2, sqrt 1.5]]; y = (1 / sqrt 2, 0.5 / sqrt 1.5), of squared length 2 / 3.
  expect(white[0]).toBeCloseTo(1 / Math.SQRT2 / Math.sqrt(2 / 3), 6);
  expect(white[1]).toBeCloseTo(0.5 / Math.sqrt(1.5) / Math.sqrt(2 / 3), 6);
});

it('leaves the mean at zero', () => {
  expect([...Whitening.fit(Float32Array.from([1, 1, -1, -1]), 2, 1).apply(Float32Array.from([0, 0]))]).toEqual([0, 0]);
});
