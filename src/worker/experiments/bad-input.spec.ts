import { describe, expect, it } from 'vitest';
import { withSettings } from '../training/recipe.js';
import { findRecipe } from '../training/recipes.js';
import { layerShapes } from '../network/shapes.js';
import { findExperiment } from './catalogue/index.js';

/** As a unit's description becomes a network. */
const describeNetwork = (...set: string[]) => layerShapes(withSettings(findRecipe('commands-sparse'), set).network);
const codeOf = (body: () => unknown): string | undefined => {
  try {
    body();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('[negative] a description that cannot be', () => {
  it.each([
    'network.layers.2.weightDensity=0',
    'network.layers.2.weightDensity=1.5',
    'network.layers.0.activation.count.percentOn=2',
    'network.layers.2.activation.count={"k":-1}',
    'network.layers.2.activation.count={"k":2.5}',
    'network.layers.9.units=3',
  ])('%s is named', (setting) => {
    expect(codeOf(() => describeNetwork(setting))).toBe('training-setting');
  });

  it('more winners than there are units are named', () => {
    expect(codeOf(() => describeNetwork('network.layers.2.activation.count={"k":100000}'))).toMatch(
      /^network-|^training-setting$/,
    );
  });

  it('an experiment that is not there is named with those that are', () => {
    expect(() => findExperiment('gsc')).toThrow(expect.objectContaining({ code: 'experiment-unknown' }));
  });
});
