import { describe, expect, it } from 'vitest';
import {
  averageRatioedAccuracy,
  cosineSimilarity,
  erdosRenyiConnections,
  type Evolving,
  growByInput,
  growBySimilarity,
  growRandomly,
  inputImportance,
  pruneToLargest,
  removeLeastSimilar,
  removeSmallestWeights,
} from './evolution.js';
import { Random } from './random.js';

const layerOf = (weights: number[], units: number): Evolving => ({
  weight: Float32Array.from(weights),
  mask: Uint8Array.from(weights, (w) => (w === 0 ? 0 : 1)),
  bias: new Float32Array(units),
});
const count = (mask: Uint8Array) => mask.reduce((sum, bit) => sum + bit, 0);

describe('Erdos-Renyi layers', () => {
  it('have the published numbers of connections', () => {
    const mlp = (sizes: number[], epsilon: number) =>
      sizes.slice(1, -1).reduce((sum, n, i) => sum + erdosRenyiConnections(sizes[i]!, n, epsilon), 0);
    expect(mlp([784, 300, 100, 10], 4.5)).toBe(6_678);
    expect(mlp([784, 300, 100, 10], 9)).toBe(13_356);
    expect(mlp([617, 512, 256, 128, 26], 21)).toBe(47_901);
    expect(mlp([617, 512, 256, 128, 26], 42)).toBe(95_802);
  });
});

describe('SET', () => {
  it('removes the smallest positive and the largest negative weights', () => {
    const layer = layerOf([0.5, 0.1, -0.2, -0.9, 0.3, -0.05, 0.9, 0, 0.2, -0.4], 2);
    // Five positive, four negative: two of each at zeta = 0.5.
    expect([...removeSmallestWeights(layer, 0.5)]).toEqual([1, 2, 5, 8]);
    expect([...layer.mask]).toEqual([1, 0, 0, 1, 1, 0, 1, 0, 0, 1]);
    expect(layer.weight[5]).toBe(0);
  });

  it('keeps the number of connections and starts new ones within sqrt(1/units)', () => {
    const random = new Random(7);
    const mask = Uint8Array.from({ length: 1000 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const weight = Float32Array.from(mask, (bit) => bit * random.uniform(-0.5, 0.5));
    const layer: Evolving = { mask, weight, bias: new Float32Array(20) };
    for (let epoch = 0; epoch < 20; epoch++) {
      const removed = removeSmallestWeights(layer, 0.3);
      const added = growRandomly(layer, removed.length, random);
      expect(added.length).toBe(removed.length);
      for (const position of added) expect(Math.abs(layer.weight[position]!)).toBeLessThanOrEqual(Math.sqrt(1 / 20));
      expect(count(layer.mask)).toBe(200);
    }
    layer.mask.forEach((bit, i) => expect(bit === 1 || layer.weight[i] === 0).toBe(true));
  });

  it('adds no more than fits', () => {
    const layer = layerOf([1, 0, 1, 0], 2);
    expect(growRandomly(layer, 5, new Random(3)).length).toBe(2);
  });
});

describe('LiSET', () => {
  it('computes w~ as printed: sigmoid(w / max(w) + gamma)', () => {
    // Norms by input: |1|+|-1| = 2, |0.5|+|0.5| = 1, 0.
    const w = inputImportance(Float32Array.from([1, 0.5, 0, -1, 0.5, 0]), 3, -1);
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    [sigmoid(0), sigmoid(-0.5), sigmoid(-1)].forEach((expected, j) => expect(w[j]).toBeCloseTo(expected, 12));
  });

  it('draws inputs in the ratio of w~ (Eq. 2): chi-square at the 0.1 % level', () => {
    const importance = Float64Array.from([0.1, 0.2, 0.3, 0.4]);
    const random = new Random(11);
    const drawn = [0, 0, 0, 0];
    const trials = 4000;
    for (let trial = 0; trial < trials; trial++) {
      drawn[growByInput(layerOf(Array<number>(8).fill(0), 2), 1, importance, random)[0]! % 4]!++;
    }
    const chiSquare = drawn.reduce((sum, observed, j) => {
      const expected = trials * importance[j]!;
      return sum + (observed - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(16.27);
  });

  it('by products, lets only the inputs near the largest importance win', () => {
    const layer = layerOf(Array<number>(4000).fill(0), 1000);
    const added = growByInput(layer, 20, Float64Array.from([0.9, 0.95, 0.98, 1]), new Random(11), 'product');
    const drawn = [0, 0, 0, 0];
    for (const position of added) drawn[position % 4]!++;
    // The 20 largest of 1000 numbers in [0, 1) lie near and above 0.98: out of reach for products with 0.9 or 0.95.
    expect(drawn.slice(0, 2)).toEqual([0, 0]);
    expect(drawn[3]).toBeGreaterThan(drawn[2]!);
    expect(count(layer.mask)).toBe(20);
  });

  it('spreads less the larger gamma is', () => {
    const skip = Float32Array.from({ length: 30 }, (_, i) => i / 30);
    const spread = (gamma: number) => {
      const w = inputImportance(skip, 30, gamma);
      return Math.max(...w) / Math.min(...w);
    };
    expect(spread(5)).toBeLessThan(spread(0));
    expect(spread(0)).toBeLessThan(spread(-5));
    expect(spread(20)).toBeCloseTo(1, 6);
  });
});

describe('cosine similarity', () => {
  // Two samples; unit 0 follows input 0, unit 1 is the negative of input 1, input 2 is silent.
  const inputs = Float32Array.from([1, 2, 0, -3, 1, 0]);
  const outputs = Float32Array.from([2, -2, -6, -1]);
  const similarity = cosineSimilarity(inputs, outputs, 2);

  it('is 1 for what moves together, -1 for the opposite, 0 for silence', () => {
    expect(similarity[0]).toBeCloseTo(1, 6);
    expect(similarity[4]).toBeCloseTo(-1, 6);
    expect(similarity[2]).toBe(0);
  });

  it('removes the least alike and grows the most alike', () => {
    const layer = layerOf([1, 1, 1, 1, 1, 1], 2);
    expect([...removeLeastSimilar(layer, 0.34, similarity)]).toEqual([2, 5]);
    const empty = layerOf([0, 0, 0, 0, 0, 0], 2);
    const chosen = growBySimilarity(empty, 4, similarity, new Random(5));
    expect([...chosen]).not.toContain(2);
    expect([...chosen]).not.toContain(5);
  });
});

it('prunes to the largest magnitudes', () => {
  expect([...pruneToLargest(layerOf([0.1, -0.9, 0.5, -0.5, 0.2, 0], 2), 3)]).toEqual([0, 1, 1, 1, 0, 0]);
});

describe('ARA', () => {
  it('is the mean at b = 1, and a constant for a constant', () => {
    expect(averageRatioedAccuracy([0.2, 0.4, 0.9], 1)).toBeCloseTo(0.5, 12);
    expect(averageRatioedAccuracy([0.7, 0.7, 0.7, 0.7])).toBeCloseTo(0.7, 12);
    expect(averageRatioedAccuracy([0.7])).toBeCloseTo(0.7, 12);
  });

  it('weighs the last epoch twice as much as the first at b = 0.5', () => {
    // n = 2: weights 1 and 2 over n^2 (b + 1) / 2 = 3.
    expect(averageRatioedAccuracy([0.3, 0.9])).toBeCloseTo((0.3 + 2 * 0.9) / 3, 12);
  });
});
