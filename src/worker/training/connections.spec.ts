import { describe, expect, it } from 'vitest';
import { WINDOW_VALUES } from '../../shared/features.js';
import { countOnes } from '../network/counts.js';
import { initialLayers } from '../network/initial.js';
import type { LayerTensors } from '../network/model.js';
import { loadNative } from '../network/native-loader.js';
import { changeConnections, initialMasks, isAsSparseAsMeant, skipOption } from './connections.js';
import { Random } from './random.js';
import { withSettings, type Recipe } from './recipe.js';
import { findRecipe } from './recipes.js';

const native = loadNative();
const SAMPLES = 24;
/** 8 x 5 x 5 inputs, a tenth of them for each of 32 units. */
const CONNECTIONS = 32 * 20;
const LINEAR = 2;

function tiny(evolution: string): Recipe {
  return withSettings(findRecipe('commands-sparse'), [
    'labels=["yes","no","go"]',
    'network.layers.0.channels=8',
    'network.layers.1.channels=8',
    'network.layers.2.units=32',
    'network.layers.2.weightDensity=0.1',
    'schedule.epochs=3',
    `evolution=${evolution}`,
  ]);
}

const random = new Random(4);
const windows = Float32Array.from({ length: SAMPLES * WINDOW_VALUES }, () => random.uniform(-1, 1));
const targets = Int32Array.from({ length: SAMPLES }, (_, i) => i % 3);
const STEP = { learningRate: 0.05, momentum: 0, weightDecay: 0.01, boostScale: 1 };

/** The linear layer after each of the recipe's epochs. */
async function epochs(recipe: Recipe): Promise<LayerTensors[]> {
  const trainer = new native.engine!.Trainer(recipe.network, { seed: 1, threads: 1, ...skipOption(recipe) });
  trainer.setLayers(initialLayers(recipe.network, 1, initialMasks(recipe)));
  const after: LayerTensors[] = [];
  for (let epoch = 0; epoch < recipe.schedule.epochs; epoch++) {
    trainer.train(windows, targets, Uint32Array.from(targets.keys()), 8, STEP);
    await changeConnections(trainer, recipe, epoch, 1, windows);
    after.push(trainer.getLayers()[LINEAR]!);
  }
  return after;
}

const moved = (a: LayerTensors, b: LayerTensors): number =>
  a.mask!.reduce((sum, bit, i) => sum + (bit && !b.mask![i] ? 1 : 0), 0);
const offMaskIsZero = ({ weight, mask }: LayerTensors): boolean => weight.every((value, i) => mask![i] === 1 || value === 0);

describe.skipIf(native.engine === null)('connections of the command network (left out without the native engine)', () => {
  it.each([
    '{"method":"set","zeta":0.3}',
    '{"method":"liset","zeta":0.3,"gamma":0,"skipDropout":0.5}',
    '{"method":"cosine","zeta":0.3,"samples":4}',
  ])('come and go by %s, and keep their number; none are added after the last epoch', async (evolution) => {
    const after = await epochs(tiny(evolution));
    for (const layer of after) {
      expect(countOnes(layer.mask!)).toBe(CONNECTIONS);
      expect(offMaskIsZero(layer)).toBe(true);
    }
    expect(moved(after[0]!, after[1]!)).toBeGreaterThan(0);
    expect(moved(after[1]!, after[2]!)).toBe(0);
  });

  it('are all there until they are pruned, and as many as meant afterwards', async () => {
    const recipe = tiny('{"method":"pruned","afterEpochs":2}');
    const after = await epochs(recipe);
    expect(after[0]!.mask).toBeUndefined();
    expect(after.slice(1).map(({ mask }) => countOnes(mask!))).toEqual([CONNECTIONS, CONNECTIONS]);
    expect(offMaskIsZero(after[2]!)).toBe(true);
    expect([0, 1, 2].map((epoch) => isAsSparseAsMeant(recipe, epoch))).toEqual([false, false, true]);
  });

  it('follow from the seed', async () => {
    const recipe = tiny('{"method":"liset","zeta":0.3,"gamma":0,"skipDropout":0.5}');
    expect(await epochs(recipe)).toEqual(await epochs(recipe));
  });
});

describe('an evolution that cannot be', () => {
  it('[negative] is refused', () => {
    const refused = (evolution: string, ...more: string[]) =>
      expect(() => withSettings(findRecipe('commands-sparse'), [`evolution=${evolution}`, ...more])).toThrow(
        expect.objectContaining({ code: 'training-setting' }),
      );
    refused('{"method":"set","zeta":1.5}');
    refused('{"method":"set"}');
    refused('{"method":"magic","zeta":0.3}');
    refused('{"method":"pruned","afterEpochs":30}');
    refused('{"method":"set","zeta":0.3}', 'network.layers.2.weightDensity=1');
  });

  it('is left out of a recipe by null', () => {
    const recipe = findRecipe('commands-sparse');
    expect(withSettings(recipe, ['evolution=null'])).toEqual(withSettings(recipe, ['schedule.epochs=30']));
  });
});
