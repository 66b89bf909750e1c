import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../test/helpers/project.js';
import { layerEntropy } from '../network/boosting.js';
import { readModelFile } from '../network/model-file.js';
import type { Model } from '../network/model.js';
import { ReferenceBackend } from '../network/reference.js';
import { changedModel } from './changes.js';
import { layerFacts } from './facts.js';
import { lookInside } from './look.js';
import { unitStages } from './stages.js';

/** Some sound: a ramp in dB is as good as any. */
const WINDOW = Float32Array.from({ length: 1024 }, (_, i) => -80 * Math.abs(Math.sin(i / 37)));

describe('a network seen from inside', () => {
  let model: Model;
  beforeAll(async () => {
    model = await readModelFile(join(ROOT, 'resources/models/commands-sparse.safetensors'));
  });

  const active = (bits: string): number[] => {
    const bytes = Buffer.from(bits, 'base64');
    return Array.from({ length: bytes.length * 8 }, (_, i) => i).filter((i) => (bytes[i >> 3]! >> (i & 7)) & 1);
  };

  it('has as many bits set as units are active, and those are the winners', async () => {
    const backend = new ReferenceBackend(model);
    const view = await lookInside('m', backend, backend, WINDOW);
    const { traces } = await backend.infer(WINDOW, 1, { trace: true });
    view.layers.forEach((layer, i) => {
      expect(active(layer.activeBits)).toEqual(Array.from(traces![0]![i]!.winners));
      expect(active(layer.activeBits)).toHaveLength(layer.active);
    });
    expect(view.scores).toEqual(view.scoresAsIs);
  });

  it('ranks a unit among its competitors: the winners are those up to k', async () => {
    const backend = new ReferenceBackend(model);
    const { layers } = await lookInside('m', backend, backend, WINDOW);
    for (const [i, facts] of layerFacts(model).entries()) {
      if (!facts.winners) continue;
      const size = facts.channels * facts.height * facts.width;
      const winners = new Set(active(layers[i]!.activeBits));
      for (const unit of [0, [...winners][0]!, size - 1, size >> 1]) {
        const stages = await unitStages(backend, WINDOW, i, unit);
        expect(stages.active).toBe(winners.has(unit));
        expect(stages.rank! <= stages.k!).toBe(stages.active);
        expect(stages.boosted).toBeCloseTo(stages.normalised! * stages.boost!, 4);
        const { mean, variance } = model.layers[i]!;
        if (mean && variance) {
          const deviation = Math.sqrt(variance[stages.channel]! + 1e-5);
          expect((stages.weightedSum! - mean[stages.channel]!) / deviation).toBeCloseTo(stages.normalised!, 4);
        }
      }
      await expect(unitStages(backend, WINDOW, i, size)).rejects.toMatchObject({ code: 'inside-unit' });
    }
  });

  it('tells of each layer what its tensors hold', () => {
    const facts = layerFacts(model);
    facts.forEach((layer, i) => {
      const { mask, dutyCycle } = model.layers[i]!;
      if (mask) expect(layer.weights).toBe(mask.filter((bit) => bit !== 0).length);
      expect(layer.fanIn.units.reduce((sum, count) => sum + count, 0)).toBe(layer.channels);
      if (!dutyCycle || !layer.winners) return;
      expect(layer.dutyCycle).toHaveLength(layer.channels);
      expect(layer.neverWin).toBe(layer.dutyCycle!.filter((duty) => duty === 0).length);
      expect(layer.entropy).toBe(layerEntropy(dutyCycle, layer.targetDutyCycle!).entropy);
    });
    expect(facts.some((layer) => layer.winners !== null)).toBe(true);
  });

  it('doubles the winners where k is doubled', async () => {
    const twice = changedModel(model, { kInferenceFactor: 2 });
    const before = layerFacts(model);
    layerFacts(twice).forEach((layer, i) => {
      const k = before[i]!.winners?.k;
      if (k !== undefined && before[i]!.winners!.of > 4 * k) expect(Math.abs(layer.winners!.k - 2 * k)).toBeLessThanOrEqual(1);
    });
    const view = await lookInside('m', new ReferenceBackend(twice), new ReferenceBackend(model), WINDOW);
    expect(view.scores).not.toEqual(view.scoresAsIs);
  });
});
