import { WinnowError } from '../../shared/errors.js';
import { LIVE_FEATURES } from '../../shared/features.js';
import type { NetworkSpec } from '../../shared/network.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../network/model.js';
import { PRESETS, presetNetwork } from '../network/presets.js';
import type { Augmentation, Recipe, Schedule } from './recipe.js';

export const COMMAND_LABELS = [SILENCE_LABEL, UNKNOWN_LABEL, 'yes', 'no', 'up', 'down', 'left', 'right', 'stop', 'go'] as const;

/** Published (tugstugi's chain in Numenta's settings): every part half of the time, no noise, no floor. */
const PUBLISHED_AUGMENTATION: Augmentation = {
  amplitude: { probability: 0.5, low: 0.7, high: 1.1 },
  speed: { probability: 0.5, range: 0.2 },
  stretch: { probability: 0.5, range: 0.2 },
  shift: { probability: 0.5, frames: 8, of: 'spectrogram' },
  randomFloor: null,
  noise: { whiteShare: 0, etaMax: 0.5, realShare: 0, snrLowDb: -5, snrHighDb: 20 },
};

/** The later version's (patent, poster), which picks by validation and has a small batch in the first epoch. */
const PUBLISHED_SPARSE_SCHEDULE: Schedule = {
  epochs: 30,
  learningRate: 0.01,
  learningRateFactor: 0.9,
  momentum: 0,
  weightDecay: 0.01,
  batchSize: 16,
  firstEpochBatchSize: 4,
  sampler: 'shuffled',
  boostDecay: 'start',
};

/** The paper's denseCNN2. */
const PUBLISHED_DENSE_SCHEDULE: Schedule = {
  epochs: 20,
  learningRate: 0.01,
  learningRateFactor: 0.8,
  momentum: 0.9,
  weightDecay: 0.01,
  batchSize: 64,
  firstEpochBatchSize: 64,
  sampler: 'balanced',
  boostDecay: 'end',
};

function publishedRecipe(name: string, network: NetworkSpec, schedule: Schedule): Recipe {
  return {
    name,
    network,
    features: LIVE_FEATURES,
    labels: [...COMMAND_LABELS],
    silence: { share: 0.1, zerosShare: 1 },
    unknown: { share: 0.125 },
    augmentation: PUBLISHED_AUGMENTATION,
    premadeEpochs: 30,
    augmentationSeed: 1,
    schedule,
    validationEtas: [0],
  };
}

const outputs = COMMAND_LABELS.length;

/** Noise in training makes the task harder than the published schedule can fit. */
const COMMANDS_SCHEDULE: Schedule = {
  ...PUBLISHED_SPARSE_SCHEDULE,
  epochs: 60,
  learningRate: 0.005,
  learningRateFactor: 0.945,
  momentum: 0.9,
  weightDecay: 0.0005,
  batchSize: 32,
  firstEpochBatchSize: 32,
};

function commandsRecipe(): Recipe {
  return {
    ...publishedRecipe('commands', { ...presetNetwork('deepSparse', { outputs }), name: 'commands' }, COMMANDS_SCHEDULE),
    premadeEpochs: 14,
    features: { ...LIVE_FEATURES, standardise: true },
    silence: { share: 0.12, zerosShare: 0.05 },
    // All that there are.
    unknown: { share: 0.4 },
    augmentation: {
      ...PUBLISHED_AUGMENTATION,
      // A shifted spectrogram has silent frames that no noise ever has: the samples are moved before noise comes in.
      shift: { probability: 0.5, frames: 8, of: 'samples' },
      stretch: { probability: 0, range: 0.2 },
      randomFloor: { lowDb: -80, highDb: -20 },
      room: { probability: 0.2, rt60Low: 0.1, rt60High: 0.6, directDbLow: -3, directDbHigh: 12 },
      noise: { whiteShare: 0.3, etaMax: 0.5, realShare: 0.35, snrLowDb: -5, snrHighDb: 20 },
    },
    validationEtas: [0, 0.1, 0.25, 0.4],
  };
}

/** What a dense network makes of the training, the depth and the multiplies of `commands`: the fair opponent. */
function denseNoiseRecipe(): Recipe {
  const name = 'commands-dense-noise';
  return { ...commandsRecipe(), name, network: { ...presetNetwork('deepDense', { outputs }), name } };
}

/** Recipes with names of their own; every preset of a 32 x 32 network has one under its name too. */
const NAMED: Readonly<Record<string, () => Recipe>> = {
  commands: commandsRecipe,
  'commands-dense-noise': denseNoiseRecipe,
  'commands-sparse': () =>
    publishedRecipe(
      'commands-sparse',
      { ...presetNetwork('WtSparsity11', { outputs, winnersBeforePool: false }), name: 'commands-sparse' },
      PUBLISHED_SPARSE_SCHEDULE,
    ),
  'commands-sparse-wide': () =>
    publishedRecipe(
      'commands-sparse-wide',
      { ...presetNetwork('WtSparsity11Wide', { outputs, winnersBeforePool: false }), name: 'commands-sparse-wide' },
      PUBLISHED_SPARSE_SCHEDULE,
    ),
  'commands-dense': () =>
    publishedRecipe(
      'commands-dense',
      { ...presetNetwork('denseCNN2', { outputs }), name: 'commands-dense' },
      PUBLISHED_DENSE_SCHEDULE,
    ),
};

function hearsSpectrograms(network: NetworkSpec): boolean {
  const { channels, height, width } = network.input;
  return channels === 1 && height === LIVE_FEATURES.melBands && width === LIVE_FEATURES.frames;
}

export function recipeNames(): string[] {
  const presets = [...PRESETS.values()].filter((preset) => hearsSpectrograms(preset.build({})));
  return [...Object.keys(NAMED), ...presets.map((preset) => preset.name)];
}

/**
 * A recipe by its name, or the published recipe around a network preset.
 * @throws WinnowError `training-recipe`
 */
export function findRecipe(name: string): Recipe {
  const named = Object.hasOwn(NAMED, name) ? NAMED[name]!() : undefined;
  if (named) return named;
  const preset = [...PRESETS.values()].find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!preset || !hearsSpectrograms(preset.build({}))) {
    throw new WinnowError('training-recipe', { name, names: recipeNames().join(', ') });
  }
  const network = preset.build({ outputs });
  const isSparse = network.layers.some((layer) => layer.activation.kind === 'kWinners');
  return publishedRecipe(preset.name, network, isSparse ? PUBLISHED_SPARSE_SCHEDULE : PUBLISHED_DENSE_SCHEDULE);
}
