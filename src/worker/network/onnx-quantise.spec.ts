import { describe, expect, it } from 'vitest';
import { openBenchClips, windowsOf } from '../bench/clips.js';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import { argmaxRows } from '../training/evaluation.js';
import { loadRuntime, OnnxBackend } from './onnx.js';
import { ONNX_INPUT, ONNX_OUTPUT } from './onnx-export.js';
import { calibrate, exportQuantisedOnnx } from './onnx-quantise.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';
import { ModelRegistry } from './registry.js';
import type { Model } from './model.js';

async function quantisedLogits(model: Model, windows: Float32Array, count: number, calibration = windows): Promise<Float32Array> {
  const { input } = model.spec;
  const backend = await OnnxBackend.open(model);
  const ranges = await calibrate(backend, calibration, calibration.length / (windows.length / count));
  await backend.close();
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(exportQuantisedOnnx(model, ranges));
  const tensor = new Tensor('float32', windows, [count, input.channels, input.height, input.width]);
  const { [ONNX_OUTPUT]: logits } = await session.run({ [ONNX_INPUT]: tensor });
  await session.release();
  return logits!.data as Float32Array;
}

describe('the quantised ONNX export', () => {
  it('hears what the float32 network hears in the clips that ship', async () => {
    const { model } = await new ModelRegistry().open('commands-dense');
    const { items } = await openBenchClips(undefined, model.labels);
    const windows = windowsOf(items, model.features);
    const backend = await OnnxBackend.open(model);
    const { logits } = await backend.infer(windows, items.length);
    await backend.close();
    const quantised = await quantisedLogits(model, windows, items.length);
    const right = (all: Float32Array) =>
      argmaxRows(all, model.labels.length).filter((best, i) => best === items[i]!.target).length;
    expect(items.length).toBeGreaterThanOrEqual(32);
    expect(right(logits)).toBeGreaterThan(items.length / 2);
    expect(Math.abs(right(quantised) - right(logits))).toBeLessThanOrEqual(1);
    expect(quantised).not.toEqual(logits);
  });

  it('is close to the reference on a random network, batch norm and input below zero included', async () => {
    const model = randomModel(presetNetwork('denseSmall2'), 3);
    const windows = randomWindows(model.spec, 4, 3);
    const { logits } = await new ReferenceBackend(model).infer(windows, 4);
    const quantised = await quantisedLogits(model, windows, 4);
    const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    logits.forEach((value, i) => expect(Math.abs(quantised[i]! - value) / largest).toBeLessThan(0.05));
  });

  it('refuses winners', async () => {
    const model = randomModel(presetNetwork('WtSparsity11'), 1);
    const none = { low: 0, high: 1 };
    const calibration = { input: none, layers: model.spec.layers.map(() => none) };
    expect(() => exportQuantisedOnnx(model, calibration)).toThrow(expect.objectContaining({ code: 'onnx-quantise' }));
  });

  it('measures ranges over all windows, zero among them', async () => {
    const model = randomModel(randomSpec(5), 5);
    const windows = randomWindows(model.spec, 40, 5);
    const size = windows.length / 40;
    windows[39 * size] = 7;
    const { input, layers } = await calibrate(new ReferenceBackend(model), windows, 40);
    expect(input.high).toBe(7);
    expect(input.low).toBeCloseTo(-80, 0);
    expect(layers).toHaveLength(model.spec.layers.length);
    for (const { low, high } of layers) {
      expect(low).toBeLessThanOrEqual(0);
      expect(high).toBeGreaterThanOrEqual(0);
    }
  });
});
