import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WINDOW_VALUES } from '../../shared/features.js';
import { initialLayers } from '../network/initial.js';
import type { LayerTensors } from '../network/model.js';
import { loadNative } from '../network/native-loader.js';
import { validate, type ValidationSet } from './evaluation.js';
import type { TrainingSet } from './premade-epochs.js';
import { deriveSeed, Random } from './random.js';
import { withSettings, type Recipe } from './recipe.js';
import { findRecipe } from './recipes.js';
import { boostScale, epochOrder, trainNetwork, type TrainerResult } from './trainer.js';

const native = loadNative();
const CLASSES = 3;

function tinyRecipe(epochs: number): Recipe {
  const recipe = withSettings(findRecipe('WtSparsity11'), [
    'labels=["yes","no","go"]',
    'network.layers.0.channels=8',
    'network.layers.1.channels=8',
    'network.layers.2.units=32',
    'network.layers.*.weightDensity=0.5',
    'network.layers.3.weightDensity=1',
    `schedule.epochs=${epochs}`,
    'schedule.learningRate=0.05',
    'schedule.momentum=0.5',
  ]);
  return recipe;
}

/** Windows whose class shows in which third of the bands is loud. */
function windows(count: number, seed: number): TrainingSet {
  const random = new Random(seed);
  const set = { windows: new Float32Array(count * WINDOW_VALUES), targets: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const target = i % CLASSES;
    set.targets[i] = target;
    for (let j = 0; j < WINDOW_VALUES; j++) {
      const loud = Math.floor(j / 32 / 11) === target;
      set.windows[i * WINDOW_VALUES + j] = random.uniform(loud ? -40 : -80, loud ? 0 : -20);
    }
  }
  return set;
}

describe('epochOrder', () => {
  const targets = Int32Array.from({ length: 600 }, (_, i) => (i < 500 ? 0 : i < 590 ? 1 : 2));

  it('shows every window once when shuffled', () => {
    const order = epochOrder(targets, 3, 'shuffled', 4);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, i) => i));
    expect(order).not.toEqual(epochOrder(targets, 3, 'shuffled', 5));
    expect(order).toEqual(epochOrder(targets, 3, 'shuffled', 4));
  });

  it('shows every class about as often when balanced', () => {
    const order = epochOrder(targets, 4, 'balanced', 4);
    expect(order).toHaveLength(600);
    for (const target of [0, 1, 2]) {
      const share = order.filter((i) => targets[i] === target).length / 600;
      expect(share).toBeGreaterThan(0.26);
      expect(share).toBeLessThan(0.41);
    }
  });
});

describe('boosting over the epochs', () => {
  const recipe = findRecipe('commands-sparse');

  it('decays at the start of every epoch, or at its end', () => {
    expect(boostScale(recipe, 0)).toBeCloseTo(0.9, 12);
    expect(boostScale(withSettings(recipe, ['schedule.boostDecay=end']), 0)).toBe(1);
    expect(boostScale(recipe, 9)).toBeCloseTo(0.9 ** 10, 12);
    expect(boostScale(findRecipe('commands-dense'), 3)).toBe(1);
  });
});

describe.skipIf(native.engine === null)('trainNetwork (left out where the native engine is not built)', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-trainer-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const held = windows(90, 99);
  const sets: ValidationSet[] = [{ eta: 0, ...held }];

  /** One session of a run of four epochs, stopped at a time of the caller's choice. */
  async function session(name: string, stopAfter: number, threads = 1): Promise<TrainerResult & { layers: LayerTensors[] }> {
    const recipe = tinyRecipe(4);
    const trainer = new native.engine!.Trainer(recipe.network, { seed: 5, threads });
    trainer.setLayers(initialLayers(recipe.network, 5));
    let chunks = 0;
    const result = await trainNetwork(
      {
        recipe,
        seed: 5,
        trainer,
        trainingSet: (epoch) => windows(1500, deriveSeed(1, epoch)),
        validate: () => validate(sets, recipe.labels, (some, count) => trainer.logits(some, count)),
        identity: 'same run',
        checkpointFile: path.join(folder, name),
      },
      { onProgress: () => chunks++, onEpoch: () => {}, stopped: () => chunks >= stopAfter },
    );
    return { ...result, layers: trainer.getLayers() };
  }

  it('learns, and keeps the best epoch on validation', async () => {
    const { finished, best, history } = await session('learns', Infinity);
    expect(finished).toBe(true);
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(best!.score).toBe(Math.max(...history.map(({ score }) => score)));
    expect(best!.score).toBeGreaterThan(0.9);
  });

  it('goes on after a stop as if there had been none, bit for bit', async () => {
    const whole = await session('whole', Infinity);
    // Stopped in the middle of the third epoch, which is lost; the run goes on from the end of the second.
    const stopped = await session('stopped', 5);
    expect(stopped.finished).toBe(false);
    expect(stopped.history).toHaveLength(2);
    expect(existsSync(path.join(folder, 'stopped'))).toBe(true);
    const resumed = await session('stopped', Infinity);
    expect(resumed.finished).toBe(true);
    expect(resumed.layers).toEqual(whole.layers);
    expect(resumed.best).toEqual(whole.best);
    const figures = ({ history }: TrainerResult) => history.map((record) => ({ ...record, seconds: 0 }));
    expect(figures(resumed)).toEqual(figures(whole));
  });

  it('gives the same weights for any number of threads', async () => {
    expect((await session('two', 3, 2)).layers).toEqual((await session('one', 3, 1)).layers);
  });
});
