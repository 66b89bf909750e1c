import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTinyData } from '../../../test/helpers/tiny-data.js';
import { readModelFile } from '../network/model-file.js';
import { loadNative } from '../network/native-loader.js';
import type { Cost } from './cost.js';
import { modelCard } from './model-card.js';
import { withSettings } from './recipe.js';
import { findRecipe } from './recipes.js';
import { bestSeed, seedSpread, spread } from './seed-spread.js';
import { runTraining, type TrainingEvent, type TrainingJob } from './training-job.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-job-'));
  vi.stubEnv('WINNOW_CACHE', path.join(folder, 'cache'));
  writeTinyData(path.join(folder, 'data'), { train: 40, val: 6, test: 6 });
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function job(out: string, more: Partial<TrainingJob> = {}): TrainingJob {
  const recipe = withSettings(findRecipe('commands'), [
    'labels=["_silence_","_unknown_","yes","no"]',
    'network.layers.*.channels=8',
    'network.layers.4.units=32',
    'network.layers.4.weightDensity=0.5',
    'premadeEpochs=2',
    'schedule.epochs=4',
    'schedule.learningRate=0.05',
    'schedule.firstEpochBatchSize=8',
    'schedule.batchSize=8',
    'augmentation.shift.frames=2',
    'validationEtas=[0,0.1]',
  ]);
  const fixed = {
    seed: 3,
    restart: false,
    precision: 'f32',
    threads: 1,
    test: true,
    watchTest: true,
    command: 'winnow train',
  } as const;
  return { recipe, data: path.join(folder, 'data'), out: path.join(folder, out), ...fixed, ...more };
}

describe.skipIf(loadNative().engine === null)('runTraining (left out where the native engine is not built)', () => {
  it('goes from a data folder to a model with its report, the same whether or not it was stopped', async () => {
    const events: TrainingEvent[] = [];
    const outcome = await runTraining(job('whole.safetensors'), { emit: (event) => events.push(event), stopped: () => false });
    expect(outcome).toMatchObject({ finished: true, epochs: 4 });
    expect(events.filter(({ event }) => event === 'epoch')).toHaveLength(4);

    let epochs = 0;
    const stopped = await runTraining(job('again.safetensors'), {
      emit: (event) => (epochs += Number(event.event === 'epoch')),
      stopped: () => epochs >= 2,
    });
    expect(stopped).toMatchObject({ finished: false, epochs: 2 });
    expect(existsSync(path.join(folder, 'again.safetensors'))).toBe(false);
    const resumed: TrainingEvent[] = [];
    await runTraining(job('again.safetensors'), { emit: (event) => resumed.push(event), stopped: () => false });
    expect(resumed.find(({ event }) => event === 'resumed')).toMatchObject({ epoch: 2 });
    expect(existsSync(path.join(folder, 'again.safetensors.checkpoint'))).toBe(false);

    const model = await readModelFile(path.join(folder, 'whole.safetensors'));
    expect((await readModelFile(path.join(folder, 'again.safetensors'))).layers).toEqual(model.layers);
    expect(model.report).toMatchObject({
      seed: 3,
      clips: { train: { yes: 40, _unknown_: 40 }, test: { no: 6, _unknown_: 6, _silence_: 3 } },
      test: { n: 12, noise: { maxScore: 132 } },
      bestOnTest: { n: 12, noise: { maxScore: 132 } },
    });
    // Nothing is chosen by it: the epoch of the model is the best on validation.
    const report = model.report!;
    expect(report['bestEpoch']).toBe(outcome.bestEpoch);
    const shown = (figures: unknown) => (figures as { accuracy: number }).accuracy;
    expect(shown(report['bestOnTest'])).toBeGreaterThanOrEqual(shown(report['test']));
    const card = modelCard(model);
    expect(card).toContain('# commands');
    expect(card).toMatch(/\| test \| 12 \|/);
    expect(card).toMatch(/M multiplies per word/);
    const { multiplies, denseMultiplies } = model.report!['cost'] as Cost;
    expect(denseMultiplies).toEqual([8 * 784 * 25, 8 * 144 * 72, 8 * 100 * 72, 8 * 9 * 72, 32 * 72, 4 * 32]);
    // The first layer's input is dense: half of its weights exist. Half of the hidden units win.
    expect(multiplies[0]).toBe(8 * 784 * 13);
    expect(multiplies[5]).toBeCloseTo(4 * 16, 6);
    expect(card).not.toContain(folder);
  });

  it('learns the answers of a teacher beside the labels, and says whose', async () => {
    const silent = { emit: () => {}, stopped: () => false };
    const { recipe } = job('x');
    const one = withSettings(recipe, ['schedule.epochs=1']);
    await runTraining(job('teacher.safetensors', { recipe: one, test: false }), silent);
    const teacher = path.join(folder, 'teacher.safetensors');
    const taught = (share: number, out: string) =>
      runTraining(job(out, { recipe: one, test: false, distillation: { teachers: [teacher], share } }), silent);
    await taught(0, 'labels.safetensors');
    await taught(0.7, 'taught.safetensors');
    const layers = async (name: string) => (await readModelFile(path.join(folder, name))).layers;
    // Without a share of the answers, the labels alone count, as if there were no teacher.
    expect(await layers('labels.safetensors')).toEqual(await layers('teacher.safetensors'));
    expect(await layers('taught.safetensors')).not.toEqual(await layers('teacher.safetensors'));
    const { report } = await readModelFile(path.join(folder, 'taught.safetensors'));
    expect(report!['distillation']).toEqual({
      share: 0.7,
      teachers: [{ name: 'commands', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });

    const others = withSettings(one, ['labels=["_silence_","_unknown_","no","yes"]']);
    const otherLabels = job('y', { recipe: others, distillation: { teachers: [teacher], share: 0.5 } });
    await expect(runTraining(otherLabels, silent)).rejects.toMatchObject({ code: 'training-teacher' });
    const plain = withSettings(one, ['features.standardise=false']);
    const otherFeatures = job('y', { recipe: plain, distillation: { teachers: [teacher], share: 0.5 } });
    await expect(runTraining(otherFeatures, silent)).rejects.toMatchObject({ code: 'training-teacher' });
  });

  it('[negative] refuses data without a part, and real noise without recordings', async () => {
    const hooks = { emit: () => {}, stopped: () => false };
    const words = withSettings(job('x').recipe, ['labels=["up","down"]']);
    await expect(runTraining(job('x', { recipe: words }), hooks)).rejects.toMatchObject({ code: 'training-no-part' });
    const oneMissing = withSettings(job('x').recipe, ['labels=["yes","up"]']);
    await expect(runTraining(job('x', { recipe: oneMissing }), hooks)).rejects.toMatchObject({ code: 'training-no-class' });
    rmSync(path.join(folder, 'data', 'noise'), { recursive: true });
    await expect(runTraining(job('x'), hooks)).rejects.toMatchObject({ code: 'training-no-noise' });
  });
});

describe('the spread over seeds', () => {
  const reports = [0.9, 0.94, 0.92].map((accuracy, i) => ({
    seed: i + 1,
    validationScore: accuracy,
    validation: { accuracy, noise: { mean: accuracy / 2 } },
    test: { accuracy: accuracy - 0.01, noise: null },
  }));

  it('is mean and sample standard deviation', () => {
    expect(spread([1, 2, 3, 4])).toEqual({ mean: 2.5, sd: Math.sqrt(5 / 3), values: [1, 2, 3, 4] });
    expect(spread([7]).sd).toBe(0);
  });

  it('leaves out what a seed does not have', () => {
    const result = seedSpread(reports);
    expect(Object.keys(result)).toEqual(['seeds', 'validationAccuracy', 'validationNoise', 'testAccuracy']);
    expect(result['seeds']).toEqual([1, 2, 3]);
  });

  it('prefers the seed that is best on validation', () => expect(bestSeed(reports).seed).toBe(2));
});
