import { describe, expect, it } from 'vitest';
import { randomModel } from '../../../test/helpers/random-networks.js';
import type { KWinners, NetworkSpec } from '../../shared/network.js';
import { layerShapes } from '../network/shapes.js';
import { bytesTouched } from './bytes-touched.js';

const winners: KWinners = {
  kind: 'kWinners',
  selection: { kind: 'global' },
  count: { k: 3 },
  kInferenceFactor: 1,
  boosting: { strength: 0, strengthFactor: 1, dutyCyclePeriod: 1, atInference: false },
};
const common = { batchNorm: false, dropout: 0 } as const;
const spec: NetworkSpec = {
  name: 'small',
  input: { channels: 1, height: 4, width: 5 },
  layers: [
    { type: 'linear', name: 'hidden', units: 10, weightDensity: 0.5, activation: winners, ...common },
    { type: 'linear', name: 'output', units: 2, weightDensity: 1, activation: { kind: 'none' }, ...common },
  ],
};

describe('bytesTouched', () => {
  const [hidden, output] = layerShapes(spec);
  const [first, second] = randomModel(spec, 1).layers;

  it('counts every number of a dense network once', () => {
    // 20 inputs, 10 x 20 weights, 10 outputs; then 10, 20, 2.
    expect(bytesTouched('dense', 'fp32', hidden!, first!, { active: 3, multiplies: 200 }, undefined)).toBe(4 * (20 + 200 + 10));
    const before = { shape: hidden!, active: 3 };
    expect(bytesTouched('dense', 'int8', output!, second!, { active: 2, multiplies: 20 }, before)).toBe(10 + 20 + 2);
  });

  it('counts existing weights with their indices, and winners alone', () => {
    // 100 weights of 4 + 2 bytes, 20 inputs, 3 winners of 4 + 4.
    const bytes = bytesTouched('sparse', 'fp32', hidden!, first!, { active: 3, multiplies: 100 }, undefined);
    expect(bytes).toBe(100 * 6 + 20 * 4 + 3 * 8);
    // 3 winners meet 3 x 2 weights of a layer without a mask.
    const before = { shape: hidden!, active: 3 };
    expect(bytesTouched('sparse', 'int8', output!, second!, { active: 2, multiplies: 6 }, before)).toBe(6 + 3 * 5 + 2);
  });
});
