import { describe, expect, it } from 'vitest';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import { agreement, compareWithReference } from './agreement.js';
import type { InferenceResult } from './backend.js';
import { openBackend } from './backends.js';
import { presetNetwork } from './presets.js';
import { loadNative } from './native-loader.js';
import { ReferenceBackend } from './reference.js';
import { layerShapes } from './shapes.js';

const spec = presetNetwork('WtSparsity11', { winnersBeforePool: false });
const model = randomModel(spec, 1);
const windows = randomWindows(spec, 2, 1);

/** The reference's result with one unit of a layer exchanged for another. */
async function exchanged(layer: number, out: (values: Float32Array, winners: Uint32Array) => readonly [number, number]) {
  const expected = await new ReferenceBackend(model).infer(windows, 2, { trace: true });
  const traces = expected.traces!.map((window) => [...window]);
  const trace = traces[1]![layer]!;
  const [from, to] = out(trace.competing!, trace.winners);
  traces[1]![layer] = { ...trace, winners: trace.winners.map((unit) => (unit === from ? to : unit)).sort() };
  const actual: InferenceResult = { ...expected, traces };
  return { expected, actual };
}

describe('agreement', () => {
  it('is perfect between the reference and itself', async () => {
    const result = await compareWithReference(new ReferenceBackend(model), windows, 2);
    expect(result).toEqual({ windows: 2, logitDifference: 0, swaps: 0, windowsWithSwaps: 0, differences: 0, agrees: true });
  });

  it('names a winner that should not have won', async () => {
    const { expected, actual } = await exchanged(0, (values, winners) => {
      const loser = values.indexOf(Math.min(...values));
      return [winners[0]!, loser];
    });
    expect(agreement(layerShapes(spec), expected, actual)).toMatchObject({ agrees: false, windowsWithSwaps: 1 });
    expect(agreement(layerShapes(spec), expected, actual).differences).toBeGreaterThan(0);
  });

  it('counts a swap at the edge, where the values are too close to tell', async () => {
    const { expected, actual } = await exchanged(0, (values, winners) => {
      const last = winners.reduce((lowest, unit) => (values[unit]! < values[lowest]! ? unit : lowest));
      const won = new Set(winners);
      const next = [...values.keys()]
        .filter((unit) => !won.has(unit))
        .reduce((best, unit) => (values[unit]! > values[best]! ? unit : best));
      values[next] = values[last]! * (1 + 1e-7);
      return [last, next];
    });
    expect(agreement(layerShapes(spec), expected, actual)).toMatchObject({
      agrees: true,
      swaps: 1,
      windowsWithSwaps: 1,
      differences: 0,
    });
  });

  it('is missed by a logit that is off by more than 1e-4 of the largest', async () => {
    const expected = await new ReferenceBackend(model).infer(windows, 2, { trace: true });
    const largest = Math.max(...expected.logits.subarray(0, 12).map(Math.abs));
    for (const [error, agrees] of [
      [0.5e-4, true],
      [2e-4, false],
    ] as const) {
      const logits = expected.logits.map((value, i) => (i === 3 ? value + error * largest : value));
      expect(agreement(layerShapes(spec), expected, { ...expected, logits }).agrees).toBe(agrees);
    }
  });
});

describe('opening a back end', () => {
  it('runs the reference instead of a missing engine, and says why', async () => {
    const { backend, fallback } = await openBackend('sparse', model);
    if (loadNative().engine) {
      expect([backend.kind, fallback]).toEqual(['sparse', undefined]);
    } else {
      expect(backend.kind).toBe('reference');
      expect(fallback).toMatchObject({ code: 'backend-unavailable' });
    }
  });

  it.skipIf(!loadNative().engine)('agrees on the native engine: networks of every kind', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = randomModel(randomSpec(seed), seed);
      const { backend } = await openBackend('sparse', random);
      const result = await compareWithReference(backend, randomWindows(random.spec, 3, seed), 3);
      expect([seed, result.agrees, result.differences]).toEqual([seed, true, 0]);
    }
  });

  it('does not fall back for a model that is not sound', async () => {
    await expect(openBackend('sparse', { ...model, layers: [] })).rejects.toMatchObject({ code: 'network-tensors' });
  });
});
