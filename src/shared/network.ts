import { z } from 'zod';

const UNITS_MAX = 8192;
const LAYERS_MAX = 16;

/**
 * Among which units winners compete:
 * - `global`: the k largest of the whole layer;
 * - `local`: the k largest across the channels at each position (across the units for a linear layer);
 * - `perChannel`: the k largest of each channel's map (FIG. 9B);
 * - `volume`: the k largest of each box of `channels` x `height` x `width` (FIG. 9A);
 * - `group`: the k largest of each run of `size` consecutive units;
 * - `threshold`: every unit whose value exceeds `value` (no k).
 */
export const Selection = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('global') }),
  z.strictObject({ kind: z.literal('local') }),
  z.strictObject({ kind: z.literal('perChannel') }),
  z.strictObject({
    kind: z.literal('volume'),
    channels: z.int().positive(),
    height: z.int().positive(),
    width: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal('group'), size: z.int().positive() }),
  z.strictObject({ kind: z.literal('threshold'), value: z.number() }),
]);
export type Selection = z.infer<typeof Selection>;

/** k given as a number of winners per competition, or as a fraction of the competition's size (rounded to nearest, ties to even). */
export const WinnerCount = z.union([
  z.strictObject({ k: z.int().nonnegative() }),
  z.strictObject({ percentOn: z.number().min(0).max(1) }),
]);
export type WinnerCount = z.infer<typeof WinnerCount>;

export const Boosting = z.strictObject({
  /**
   * beta of b = exp(beta (target - duty cycle)); 0 switches boosting off. At the first epoch of training; in a trained model's
   * spec what it had become at the last one, which is what inference uses.
   */
  strength: z.number().min(0).max(100),
  /** What the strength is multiplied with at each epoch. */
  strengthFactor: z.number().positive().max(1),
  /** Samples over which the duty cycle averages. */
  dutyCyclePeriod: z.int().positive(),
  /** Whether the trained duty cycles also boost at inference (patent, paragraph 65). */
  atInference: z.boolean(),
});
export type Boosting = z.infer<typeof Boosting>;

/** Winners are chosen on boosted values and passed unboosted; ties go to the lowest index; a negative value may win. */
export const KWinners = z.strictObject({
  kind: z.literal('kWinners'),
  selection: Selection,
  count: WinnerCount,
  /** k at inference is round(k x this), at most the competition's size. */
  kInferenceFactor: z.number().min(0.1).max(10),
  boosting: Boosting,
});
export type KWinners = z.infer<typeof KWinners>;

export const Activation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('relu') }),
  z.strictObject({ kind: z.literal('leakyRelu'), slope: z.number().min(0).max(1) }),
  KWinners,
]);
export type Activation = z.infer<typeof Activation>;

const layerBase = {
  name: z.string().regex(/^[a-z][a-z0-9]{0,31}$/),
  /** Fraction of weights that exist; every unit (filter) has the same number: inputs minus round-half-even(inputs x (1 - density)). */
  weightDensity: z.number().positive().max(1),
  /**
   * Units (filters) side by side whose weights stand at the same inputs, so that they fill wide registers: the mask is drawn
   * once for each such block. 1 unless given.
   */
  unitsPerMask: z.int().positive().max(UNITS_MAX).optional(),
  /** Batch normalisation without affine parameters, eps 1e-5. */
  batchNorm: z.boolean(),
  activation: Activation,
};

/** Square valid convolution, stride 1 -> batch norm -> [winners] -> max-pool -> [winners]. */
export const ConvLayer = z.strictObject({
  type: z.literal('conv'),
  ...layerBase,
  channels: z.int().positive().max(1024),
  kernel: z.int().positive().max(15),
  /** Side and stride of the max-pool; 1 is none. */
  pool: z.int().positive().max(8),
  /** Whether the activation stands before the max-pool (patent, poster) or after it (paper). */
  activationBeforePool: z.boolean(),
});
export type ConvLayer = z.infer<typeof ConvLayer>;

/** Linear -> batch norm -> [dropout in training] -> activation. The input is flattened channel-major: [channel][row][column]. */
export const LinearLayer = z.strictObject({
  type: z.literal('linear'),
  ...layerBase,
  units: z.int().positive().max(UNITS_MAX),
  dropout: z.number().min(0).max(0.95),
});
export type LinearLayer = z.infer<typeof LinearLayer>;

export const LayerSpec = z.discriminatedUnion('type', [ConvLayer, LinearLayer]);
export type LayerSpec = z.infer<typeof LayerSpec>;

/** A network as data. The last layer is linear with activation `none`: its outputs are the logits. */
export const NetworkSpec = z.strictObject({
  name: z.string().min(1).max(64),
  input: z.strictObject({ channels: z.int().positive(), height: z.int().positive(), width: z.int().positive() }),
  layers: z.array(LayerSpec).min(1).max(LAYERS_MAX),
});
export type NetworkSpec = z.infer<typeof NetworkSpec>;

/** What one layer did for one input. `multiplies` counts products of a non-zero weight and an input that is not known to be zero. */
export interface LayerActivity {
  readonly name: string;
  /** Units that could be active: the tensor the activation works on. */
  readonly size: number;
  readonly active: number;
  readonly multiplies: number;
  readonly denseMultiplies: number;
  /** Where part of the layer was reused from the window before: the multiplies that all of it would have taken. */
  readonly freshMultiplies?: number;
}

export const BACKENDS = ['sparse', 'reference', 'onnx'] as const;
export type BackendKind = (typeof BACKENDS)[number];
