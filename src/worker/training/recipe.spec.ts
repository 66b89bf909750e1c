import { describe, expect, it } from 'vitest';
import { nonZeroParameters } from '../network/counts.js';
import { Recipe, withSettings } from './recipe.js';
import { findRecipe, recipeNames } from './recipes.js';

describe('recipes', () => {
  it.each(recipeNames())('%s is a whole recipe with an output for every label', (name) => {
    const recipe = Recipe.parse(findRecipe(name));
    const last = recipe.network.layers.at(-1)!;
    expect(last.type === 'linear' && last.units).toBe(recipe.labels.length);
    expect(recipe.network.input).toEqual({ channels: 1, height: 32, width: 32 });
  });

  it('trains the shipped pair as published', () => {
    const sparse = findRecipe('commands-sparse');
    expect(sparse.schedule).toMatchObject({ epochs: 30, learningRate: 0.01, learningRateFactor: 0.9, momentum: 0 });
    expect(sparse.schedule).toMatchObject({ weightDecay: 0.01, batchSize: 16, firstEpochBatchSize: 4 });
    expect(sparse.silence.zerosShare).toBe(1);
    expect(sparse.features.standardise).toBe(false);
    expect(sparse.augmentation.randomFloor).toBeNull();
    expect(sparse.augmentation.noise).toMatchObject({ whiteShare: 0, realShare: 0 });
    expect(sparse.network.layers[0]).toMatchObject({ activationBeforePool: false });
    // Two outputs of 1,500 weights and a bias each fewer than the published twelve.
    expect(nonZeroParameters(sparse.network)).toBe(160_952 - 2 * 1501);
    expect(nonZeroParameters(findRecipe('commands-dense').network)).toBe(1_717_140 - 2 * 1001);
  });

  it('[negative] names what there is when asked for another', () => {
    expect(() => findRecipe('toString')).toThrow(/no recipe/);
    expect(() => findRecipe('mnistDenseCNN1')).toThrow(/no recipe/);
  });
});

describe('withSettings', () => {
  const recipe = findRecipe('commands-sparse');

  it('sets numbers, texts and objects, and leaves the recipe as it was', () => {
    const changed = withSettings(recipe, ['schedule.epochs=3', 'name=mine', 'silence={"share":0,"zerosShare":0}']);
    expect(changed).toMatchObject({ name: 'mine', schedule: { epochs: 3 }, silence: { share: 0 } });
    expect(recipe.schedule.epochs).toBe(30);
  });

  it('sets every element with *, where it has the rest of the path', () => {
    const changed = withSettings(recipe, ['network.layers.*.activation.count={"percentOn":0.3}']);
    const counts = changed.network.layers.map(({ activation }) => (activation.kind === 'kWinners' ? activation.count : null));
    expect(counts).toEqual([{ percentOn: 0.3 }, { percentOn: 0.3 }, { percentOn: 0.3 }, null]);
  });

  it('follows the labels with the number of outputs', () => {
    expect(withSettings(recipe, ['labels=["yes","no"]']).network.layers.at(-1)).toMatchObject({ units: 2 });
  });

  it.each(['schedule.epoch=3', 'schedule.epochs=many', 'schedule.epochs', '=3', 'schedule.batchSize=1', '__proto__.x=1'])(
    '[negative] refuses %s',
    (setting) => {
      expect(() => withSettings(recipe, [setting])).toThrowError(expect.objectContaining({ code: 'training-setting' }));
    },
  );
});
