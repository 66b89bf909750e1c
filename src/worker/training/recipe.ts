import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';
import { FeatureSpec } from '../../shared/features.js';
import { NetworkSpec } from '../../shared/network.js';
import { evolvingLayers } from '../network/evolving-layers.js';

const probability = z.number().min(0).max(1);

/** The published chain; each part has a probability of its own, and 0 switches it off. */
export const Augmentation = z.strictObject({
  /** Times U(low, high). */
  amplitude: z.strictObject({ probability, low: z.number().min(0), high: z.number().max(10) }),
  /** Resampled with speed factor 1 / (1 + U(-range, range)), which changes the pitch too. */
  speed: z.strictObject({ probability, range: z.number().min(0).max(0.5) }),
  /** Phase-vocoder stretch at rate 1 + U(-range, range). */
  stretch: z.strictObject({ probability, range: z.number().min(0).max(0.5) }),
  /** Moved by a whole number of frames in [-frames, frames]: the spectrogram as published, or the samples, before noise comes in. */
  shift: z.strictObject({ probability, frames: z.int().min(0).max(16), of: z.enum(['spectrogram', 'samples']) }),
  /** In each training window values below U(lowDb, highDb) become that value; null switches it off. */
  randomFloor: z.strictObject({ lowDb: z.number().min(-200).max(0), highDb: z.number().min(-200).max(0) }).nullable(),
  /** A clip heard in a room: the sound and its decaying reflections; absent or probability 0 switches it off. */
  room: z
    .strictObject({
      probability,
      /** Seconds until the reflections have fallen by 60 dB. */
      rt60Low: z.number().min(0.05).max(5),
      rt60High: z.number().min(0.05).max(5),
      /** Energy of the direct sound over that of the reflections. */
      directDbLow: z.number().min(-20).max(40),
      directDbHigh: z.number().min(-20).max(40),
    })
    .optional(),
  noise: z.strictObject({
    /** Share of windows blended with white noise, A* = (1 - eta) A + eta U(-1, 1), eta from U(0, etaMax). */
    whiteShare: probability,
    etaMax: z.number().min(0).max(0.5),
    /** Share of windows with a stretch of a background recording at a signal-to-noise ratio from U(snrLowDb, snrHighDb). */
    realShare: probability,
    snrLowDb: z.number().min(-40).max(80),
    snrHighDb: z.number().min(-40).max(80),
  }),
});
export type Augmentation = z.infer<typeof Augmentation>;

export const Schedule = z.strictObject({
  epochs: z.int().min(1).max(10_000),
  learningRate: z.number().positive().max(10),
  /** What the learning rate is multiplied with after each epoch. */
  learningRateFactor: z.number().positive().max(1),
  momentum: z.number().min(0).max(0.999),
  weightDecay: z.number().min(0).max(1),
  batchSize: z.int().min(2).max(4096),
  /** Small in the first epoch, so that duty cycles settle. */
  firstEpochBatchSize: z.int().min(2).max(4096),
  /** `shuffled`: every window once. `balanced`: as many draws, with replacement, every class equally likely. */
  sampler: z.enum(['shuffled', 'balanced']),
  /** Whether the boost strength is multiplied by its factor at the start of every epoch (later version) or at its end (paper). */
  boostDecay: z.enum(['start', 'end']),
});
export type Schedule = z.infer<typeof Schedule>;

const fraction = z.number().min(0).max(0.9);

/**
 * How the connections of sparse linear layers come and go while training; each layer keeps its number of connections. Without
 * it they stay as drawn.
 */
export const Evolution = z.discriminatedUnion('method', [
  /** After each epoch, `zeta` of each sign is removed and as many are drawn anew. */
  z.strictObject({ method: z.literal('set'), zeta: fraction }),
  /** The same, drawn after the weights of skip layers, each left out of a mini-batch with probability `skipDropout`. */
  z.strictObject({ method: z.literal('liset'), zeta: fraction, gamma: z.number().min(-100).max(100), skipDropout: fraction }),
  /** Removes and draws by the likeness of activity over `samples` windows. */
  z.strictObject({ method: z.literal('cosine'), zeta: fraction, samples: z.int().min(2).max(1000) }),
  /** Trains the layers dense for so many epochs, then keeps their largest weights (three-step pruning). */
  z.strictObject({ method: z.literal('pruned'), afterEpochs: z.int().min(1).max(10_000) }),
]);
export type Evolution = z.infer<typeof Evolution>;

/** How a network is trained, whole and as data: what `winnow train --preset` names and `--set` changes. */
export const Recipe = z.strictObject({
  name: z.string().min(1).max(64),
  network: NetworkSpec,
  features: FeatureSpec,
  /** In order of the outputs; every other word counts as `_unknown_`, where there is such a label. */
  labels: z.array(z.string().min(1).max(64)).min(2).max(1024),
  silence: z.strictObject({
    /** Windows, as a share of the windows of words. */
    share: z.number().min(0).max(1),
    /** Of them: digital silence, 0 dB everywhere (as published: all of them); the others are stretches of background recordings. */
    zerosShare: probability,
  }),
  /** Windows of unknown words per epoch, as a share of the windows of words; other ones in each epoch if there are more. */
  unknown: z.strictObject({ share: z.number().min(0).max(10) }),
  augmentation: Augmentation,
  /** Epochs of augmented windows that are made and kept; training goes round them. Every run with the same data shares them. */
  premadeEpochs: z.int().min(1).max(1000),
  /** Seed of the augmentation; the run's own seed rules weights, masks, order and floors. */
  augmentationSeed: z.int().nonnegative(),
  schedule: Schedule,
  evolution: Evolution.nullable().optional(),
  /** Noise levels (white, eta) at which an epoch is judged on the validation part; the best mean accuracy is kept. */
  validationEtas: z.array(z.number().min(0).max(0.5)).min(1).max(11),
});
export type Recipe = z.infer<typeof Recipe>;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Sets the value at every place that the path names; `*` stands for every element that has the rest of the path. */
function assign(node: Json, keys: readonly string[], value: Json): number {
  if (node === null || typeof node !== 'object') return 0;
  const [key, ...rest] = keys as [string, ...string[]];
  const container = node as Record<string, Json>;
  const names = key === '*' ? Object.keys(container) : Object.hasOwn(container, key) ? [key] : [];
  let places = 0;
  for (const name of names) {
    if (rest.length > 0) places += assign(container[name]!, rest, value);
    else {
      container[name] = value;
      places++;
    }
  }
  return places;
}

/**
 * The recipe with `key=value` settings applied. A key is a path of names and indices, such as `schedule.epochs` or
 * `network.layers.*.activation.count`; a value is JSON, or else text.
 * @throws WinnowError `training-setting`
 */
export function withSettings(recipe: Recipe, settings: readonly string[]): Recipe {
  if (settings.length === 0) return recipe;
  // Optional, but a key that can be set.
  const changed = { evolution: null, ...structuredClone(recipe) } as unknown as Json;
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    if (equals < 1) throw new WinnowError('training-setting', { setting, reason: 'it is not of the form key=value' });
    const key = setting.slice(0, equals);
    if (assign(changed, key.split('.'), parsed(setting.slice(equals + 1))) === 0) {
      throw new WinnowError('training-setting', { setting, reason: 'the recipe has no such key' });
    }
  }
  const result = Recipe.safeParse(changed);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new WinnowError('training-setting', {
      setting: settings.join(' '),
      reason: `${issue.path.join('.')}: ${issue.message}`,
    });
  }
  const { evolution, ...rest } = result.data;
  if (evolution) checkEvolution(evolution, result.data);
  return withOutputs(evolution ? { ...rest, evolution } : rest);
}

function checkEvolution(evolution: Evolution, { network, schedule }: Recipe): void {
  const refuse = (reason: string) => new WinnowError('training-setting', { setting: 'evolution', reason });
  if (evolvingLayers(network).length === 0) throw refuse('no linear layer is sparse');
  if (evolution.method === 'pruned' && evolution.afterEpochs >= schedule.epochs) {
    throw refuse('pruning leaves no epoch to retrain in');
  }
}

/** The recipe with as many outputs as it has labels. */
export function withOutputs(recipe: Recipe): Recipe {
  const last = recipe.network.layers.at(-1)!;
  if (last.type !== 'linear') {
    throw new WinnowError('training-setting', { setting: 'network', reason: 'the last layer is not linear' });
  }
  const layers = [...recipe.network.layers.slice(0, -1), { ...last, units: recipe.labels.length }];
  return { ...recipe, network: { ...recipe.network, layers } };
}
