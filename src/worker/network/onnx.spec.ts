import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import type { LayerActivity, Selection } from '../../shared/network.js';
import { compareWithReference } from './agreement.js';
import { exportOnnx } from './onnx-export.js';
import { OnnxBackend } from './onnx.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';
import type { Model } from './model.js';

const counts = (layers: readonly LayerActivity[]) => layers.map(({ name, size, active }) => ({ name, size, active }));

describe('the ONNX back end', () => {
  it('agrees with the reference on networks of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), async (seed) => {
        const model = randomModel(randomSpec(seed), seed);
        const backend = await OnnxBackend.open(model);
        try {
          const windows = randomWindows(model.spec, 3, seed);
          expect(await compareWithReference(backend, windows, 3)).toMatchObject({ agrees: true, differences: 0 });
        } finally {
          await backend.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each(['WtSparsity11', 'SuperSparseCNNLocal', 'denseCNN2'])('agrees on %s', async (name) => {
    for (const winnersBeforePool of [true, false]) {
      const model = randomModel(presetNetwork(name, { winnersBeforePool }), 11);
      const backend = await OnnxBackend.open(model);
      const result = await compareWithReference(backend, randomWindows(model.spec, 2, 1), 2);
      expect(result).toMatchObject({ agrees: true, differences: 0 });
      await backend.close();
    }
  });

  it('counts active units as the reference does without a trace, and all multiplies', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const model = randomModel(randomSpec(seed), seed);
      const windows = randomWindows(model.spec, 2, seed);
      const backend = await OnnxBackend.open(model);
      const { activity, logits } = await backend.infer(windows, 2);
      const expected = await new ReferenceBackend(model).infer(windows, 2);
      expect(activity.map(counts)).toEqual(expected.activity.map(counts));
      for (const layer of activity.flat()) expect(layer.multiplies).toBe(layer.denseMultiplies);
      expect(logits).toHaveLength(10);
      await backend.close();
    }
  });

  it.each<Selection>([
    { kind: 'global' },
    { kind: 'local' },
    { kind: 'perChannel' },
    { kind: 'volume', channels: 3, height: 2, width: 2 },
  ])('gives ties to the lowest index: $kind', async (selection) => {
    const model = tied(selection);
    const backend = await OnnxBackend.open(model);
    const window = new Float32Array(36).fill(1);
    const expected = await new ReferenceBackend(model).infer(window, 1, { trace: true });
    const actual = await backend.infer(window, 1, { trace: true });
    expect(actual.traces![0]![0]!.winners).toEqual(expected.traces![0]![0]!.winners);
    // The first half of each competition wins: equal values, negative ones.
    expect(new Set(actual.traces![0]![0]!.output)).toEqual(new Set([-1, 0]));
    await backend.close();
  });

  it('exports a file for others: one input, the logits, and what they mean', async () => {
    const model = randomModel(randomSpec(5), 5);
    const windows = randomWindows(model.spec, 2, 5);
    const session = await ort.InferenceSession.create(exportOnnx(model));
    expect([session.inputNames, session.outputNames]).toEqual([['window'], ['logits']]);
    const outputs = await session.run({ window: new ort.Tensor('float32', windows, [2, 1, 16, 15]) });
    const expected = (await new ReferenceBackend(model).infer(windows, 2)).logits;
    expect(outputs['logits']!.dims).toEqual([2, 5]);
    expected.forEach((value, i) => expect(Number(outputs['logits']!.data[i])).toBeCloseTo(value, 3));
    await session.release();
  });

  it('takes any number of windows, in order', async () => {
    const model = randomModel(randomSpec(4), 4);
    const backend = await OnnxBackend.open(model);
    const windows = randomWindows(model.spec, 300, 4);
    const together = (await backend.infer(windows, 300)).logits;
    const size = windows.length / 300;
    const one = (await backend.infer(windows.subarray(299 * size), 1)).logits;
    one.forEach((value, i) => expect(value).toBeCloseTo(together[299 * 5 + i]!, 4));
    await expect(backend.infer(windows, 299)).rejects.toMatchObject({ code: 'network-input' });
    await backend.close();
  });
});

/** A convolution whose values are all -1 for a window of ones. */
function tied(selection: Selection): Model {
  const spec = randomSpec(1, { channels: 1, height: 6, width: 6 });
  const activation = {
    kind: 'kWinners' as const,
    selection,
    count: { percentOn: 0.5 },
    kInferenceFactor: 1,
    boosting: { strength: 1, strengthFactor: 1, dutyCyclePeriod: 1, atInference: false },
  };
  const conv = { ...spec.layers[0]!, type: 'conv' as const, channels: 5, kernel: 3, pool: 1, weightDensity: 1, batchNorm: false };
  const model = randomModel({ ...spec, layers: [{ ...conv, activationBeforePool: false, activation }, spec.layers[3]!] }, 1);
  model.layers[0]!.weight.fill(0);
  model.layers[0]!.bias.fill(-1);
  return model;
}
