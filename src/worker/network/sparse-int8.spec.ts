import { describe, expect, it } from 'vitest';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import type { NetworkSpec } from '../../shared/network.js';
import { loadNative } from './native-loader.js';
import { presetNetwork } from './presets.js';
import { quantise } from './quantise.js';
import { quantiseInput, requantise } from './quantised.js';
import { ReferenceBackend } from './reference.js';
import { ReferenceInt8 } from './reference-int8.js';
import { SparseInt8 } from './sparse-int8.js';

const native = loadNative();
const isas = native.engine ? native.engine.info().available : [];

/** What 8 bits can hold: ReLU in place of the other activations. */
function holdable(spec: NetworkSpec): NetworkSpec {
  const layers = spec.layers.map((layer, i) => {
    const { activation } = layer;
    const holds = activation.kind === 'kWinners' && activation.selection.kind !== 'threshold';
    return i === spec.layers.length - 1 || holds ? layer : { ...layer, activation: { kind: 'relu' as const } };
  });
  return { ...spec, layers };
}

describe('8-bit numbers', () => {
  it('are rounded half up and kept between 0 and 255', () => {
    expect([-9, -1, 0, 1, 2, 3, 5, 6, 7, 1023].map((sum) => requantise(sum, 2))).toEqual([0, 0, 0, 0, 1, 1, 1, 2, 2, 255]);
    expect([-1, 0, 7, 300].map((sum) => requantise(sum, 0))).toEqual([0, 0, 7, 255]);
    expect([...quantiseInput({ low: -80, step: 80 / 255 }, Float32Array.of(-90, -80, -79.9, 0, 5))]).toEqual([0, 0, 0, 255, 255]);
  });

  it('of a trained shape say nearly what the floating-point network says', async () => {
    const model = randomModel(presetNetwork('denseEqualCost'), 4);
    const windows = randomWindows(model.spec, 4, 6);
    const exact = await new ReferenceBackend(model).infer(windows, 4);
    const rounded = new ReferenceInt8(quantise(model, windows, 4)).infer(windows, 4);
    const range = Math.max(...exact.logits.map(Math.abs));
    exact.logits.forEach((logit, i) => expect(Math.abs(logit - rounded.logits[i]!)).toBeLessThan(0.05 * range));
  });

  it('have no place for a negative activation', () => {
    const spec = presetNetwork('lisetMnistEps4.5');
    const model = randomModel(spec, 1);
    expect(() => quantise(model, randomWindows(spec, 1, 1), 1)).toThrow(/8 bits/);
  });
});

describe.skipIf(isas.length === 0)('the sparse engine in 8 bits', () => {
  it.each(isas.map((isa) => [isa]))('says bit for bit what the reference says (%s)', (isa) => {
    for (let seed = 0; seed < 12; seed++) {
      const model = randomModel(holdable(randomSpec(seed)), seed);
      const windows = randomWindows(model.spec, 2, seed);
      const quantised = quantise(model, windows, 2);
      const native = new SparseInt8(quantised, { isa }).infer(windows, 2, { trace: true });
      expect(native).toEqual(new ReferenceInt8(quantised).infer(windows, 2, { trace: true }));
    }
  });

  it.each([['WtSparsity11'], ['WtSparsity11Wide']])('says bit for bit what the reference says on %s', (preset) => {
    const model = randomModel(presetNetwork(preset, { winnersBeforePool: false }), 2);
    const windows = randomWindows(model.spec, 2, 7);
    const quantised = quantise(model, windows, 2);
    const expected = new ReferenceInt8(quantised).infer(windows, 2, { trace: true });
    for (const isa of isas) {
      const backend = new SparseInt8(quantised, { isa });
      expect(backend.infer(windows, 2, { trace: true })).toEqual(expected);
      expect(backend.infer(windows, 2, { threads: 2 }).logits).toEqual(expected.logits);
    }
  });
});
