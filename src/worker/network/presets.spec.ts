import { describe, expect, it } from 'vitest';
import { NetworkSpec } from '../../shared/network.js';
import { layerParameters, nonZeroParameters } from './counts.js';
import { findPreset, PRESETS, presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';
import { activationShape, denseMultiplies, layerShapes, tensorSize } from './shapes.js';
import { winnersPerCompetition } from './selection.js';
import { randomModel, randomWindows } from '../../../test/helpers/random-networks.js';

/** Patent Table 1: name, then per layer the per cent of zero outputs and of zero weights; units of the third layer. */
const TABLE_1: readonly [string, number, number, number, number, number, number, number][] = [
  ['sparseCNN2', 90.5, 0, 87.5, 0, 1000, 90, 60],
  ['WtSparsity', 90.5, 0, 87.5, 80, 1000, 90, 60],
  ['WtSparsity2', 90.5, 50, 87.5, 80, 1000, 90, 60],
  ['WtSparsity3', 90.5, 50, 87.5, 90, 1000, 90, 60],
  ['WtSparsity4', 90.5, 50, 87.5, 95, 1000, 90, 60],
  ['WtSparsity8', 90.5, 50, 87.5, 60, 1000, 90, 95],
  ['WtSparsity9', 90.5, 50, 87.5, 80, 1000, 90, 95],
  ['WtSparsity10', 90.5, 50, 87.5, 80, 1500, 90, 95],
  ['WtSparsity11', 90.5, 50, 87.5, 80, 1500, 90, 95],
  ['WtSparsity18', 90.5, 50, 87.5, 80, 1000, 90, 90],
  ['WtSparsity19', 90, 50, 90, 80, 2000, 90, 95],
  ['WtSparsity20', 90, 50, 90, 80, 2000, 95, 97],
  ['SuperSparseCNN2', 90.5, 0, 87.5, 0, 1500, 93.3, 90],
  ['SuperSparseCNNLocal', 90.5, 0, 87.5, 0, 1500, 93.3, 90],
];

describe('presets', () => {
  it('have the counts that were published, biases and 12 outputs counted', () => {
    const published = {
      sparseCNN2: 757_140,
      WtSparsity2: 674_452,
      WtSparsity3: 664_212,
      WtSparsity4: 659_092,
      WtSparsity8: 134_932,
      WtSparsity9: 114_452,
      WtSparsity10: 160_952,
      WtSparsity11: 160_952,
      WtSparsity18: 194_452,
      WtSparsity19: 207_452,
      WtSparsity20: 143_452,
      WtSparsity21: 114_452,
      denseCNN2: 1_717_140,
      denseSmall1: 536_008,
      denseSmall2: 270_376,
    };
    for (const [name, count] of Object.entries(published)) {
      expect([name, nonZeroParameters(presetNetwork(name))]).toEqual([name, count]);
      expect(findPreset(name).publishedNonZeros).toBe(count);
    }
  });

  it('have the counts that follow for those without a published one', () => {
    expect(nonZeroParameters(presetNetwork('WtSparsity'))).toBe(675_220);
    expect(nonZeroParameters(presetNetwork('SuperSparseCNN2'))).toBe(363_640);
    expect(nonZeroParameters(presetNetwork('SuperSparseCNNLocal'))).toBe(363_640);
  });

  it.each(TABLE_1)('%s has the sparsities of patent Table 1', (name, on1, w1, on2, w2, units, on3, w3) => {
    const shapes = layerShapes(presetNetwork(name));
    expect(shapes.map((shape) => shape.channels)).toEqual([64, 64, units, 12]);
    [on1, on2, on3].forEach((zeroOutputs, i) => {
      const shape = shapes[i]!;
      const { activation } = shape.spec;
      if (activation.kind !== 'kWinners') throw new Error('no winners');
      const tensor = activationShape(shape);
      const size = activation.selection.kind === 'local' ? tensor.channels : tensorSize(tensor);
      const zeros = 100 * (1 - winnersPerCompetition(activation.count, size) / size);
      // Six of 64 channels are the nearest to 9.5 per cent.
      expect(Math.abs(zeros - zeroOutputs)).toBeLessThan(activation.selection.kind === 'local' ? 0.2 : 0.07);
    });
    [w1, w2, w3].forEach((zeroWeights, i) => {
      const { weights, denseWeights } = layerParameters(shapes[i]!);
      // 12.5 of a 5x5 kernel's 25 weights cannot be zero: 12 are.
      expect(Math.abs(100 * (1 - weights / denseWeights) - zeroWeights)).toBeLessThanOrEqual(i === 0 ? 2 : 1e-9);
    });
  });

  it('put winners before the pool as the tables do, or after it', () => {
    const sizes = (before: boolean) =>
      layerShapes(presetNetwork('WtSparsity11', { winnersBeforePool: before })).map((shape) =>
        tensorSize(activationShape(shape)),
      );
    expect(sizes(true)).toEqual([50_176, 6_400, 1_500, 12]);
    expect(sizes(false)).toEqual([12_544, 1_600, 1_500, 12]);
    expect(presetNetwork('WtSparsity11')).toEqual(presetNetwork('WtSparsity11', { winnersBeforePool: true }));
  });

  it('take another number of outputs', () => {
    expect(layerShapes(presetNetwork('denseCNN2', { outputs: 10 })).at(-1)!.channels).toBe(10);
  });

  it('cost what was calculated: 13,106,400 multiplies dense, 0.85 million for the dense one of equal cost', () => {
    const dense = (name: string) => layerShapes(presetNetwork(name)).reduce((sum, shape) => sum + denseMultiplies(shape), 0);
    expect(dense('denseCNN2')).toBe(13_106_400);
    expect(dense('denseEqualCost')).toBe(845_800);
  });

  it('cost about 15 times less with winners after the pool: the first layer exactly, the rest by the winners', async () => {
    const spec = presetNetwork('WtSparsity18', { winnersBeforePool: false });
    const { activity } = await new ReferenceBackend(randomModel(spec, 5)).infer(randomWindows(spec, 1, 5), 1);
    const [conv1, , , output] = activity[0]!;
    expect(conv1!.multiplies).toBe(652_288);
    expect(output!.multiplies).toBe(1_200);
    const sum = activity[0]!.reduce((total, layer) => total + layer.multiplies, 0);
    expect(Math.abs(sum / 868_048 - 1)).toBeLessThan(0.02);
  });

  it('of LiSET have as many connections as the settings say', () => {
    expect(findPreset('lisetMnistEps4.5').publishedConnections).toBe(6_678);
    expect(findPreset('lisetMnistEps9').publishedConnections).toBe(13_356);
    expect(findPreset('lisetIsoletEps21').publishedConnections).toBe(47_901);
    expect(findPreset('lisetIsoletEps42').publishedConnections).toBe(95_802);
  });

  it('of MNIST have the winners of paper Table 3', () => {
    const sizes = layerShapes(presetNetwork('mnistSparseCNN2')).map((shape) => tensorSize(activationShape(shape)));
    expect(sizes).toEqual([4_608, 1_024, 700, 10]);
    expect((100 * 400) / 4_608).toBeCloseTo(8.7, 1);
    expect([...PRESETS.keys()].filter((name) => name.startsWith('mnist'))).toHaveLength(8);
  });

  it('all meet the schema and have possible sizes', () => {
    for (const preset of PRESETS.values()) {
      const spec = preset.build();
      expect(NetworkSpec.parse(spec)).toEqual(spec);
      expect(layerShapes(spec)).toHaveLength(spec.layers.length);
    }
  });

  it('are found without regard to case and by their full names; others are refused with the list', () => {
    expect(findPreset('wtsparsity11').name).toBe('WtSparsity11');
    expect(findPreset('sparseCNN2WtSparsity11').name).toBe('WtSparsity11');
    expect(() => findPreset('WtSparsity12')).toThrow(/no network called "WtSparsity12"/);
  });
});
