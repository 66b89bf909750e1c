import { z } from 'zod';

export const TRAINED_LAYERS = ['last', 'linear', 'all'] as const;
export const FINETUNE_MODES = ['quick', 'thorough'] as const;
export type FinetuneMode = (typeof FINETUNE_MODES)[number];

/** How a network is taught new words: all that a person may choose, as data. */
export const FinetunePlan = z.strictObject({
  /** Layers that learn: the output layer, all linear layers, or all. The others stay as they are, bit for bit. */
  layers: z.enum(TRAINED_LAYERS),
  /** Beta of the trained layers' boosting in the first epoch, and what it is multiplied with after each. 0 switches it off. */
  boostStrength: z.number().min(0).max(10),
  boostDecay: z.number().positive().max(1),
  learningRate: z.number().positive().max(1),
  /** What the learning rate is multiplied with after each epoch. */
  learningRateFactor: z.number().positive().max(1),
  momentum: z.number().min(0).max(0.999),
  weightDecay: z.number().min(0).max(0.1),
  epochs: z.int().min(1).max(200),
  batchSize: z.int().min(2).max(512),
  /** Small (the paper's 4) lets duty cycles settle. */
  firstEpochBatchSize: z.int().min(2).max(512),
  /** Windows of each taught word in an epoch; many words share `windowsAtMost`. */
  windowsPerWord: z.int().min(8).max(5000),
  windowsAtMost: z.int().min(16).max(50_000),
  /** Windows of pieces of takes and of takes turned round, which are no word, as a share of those of taught words. */
  hardNegatives: z.number().min(0).max(4),
  /** Windows of what the network knew before, silence and unknown words included. */
  replayWindows: z.int().min(16).max(50_000),
  /** Different sets of augmented windows; training goes round them. */
  windowSets: z.int().min(1).max(50),
  /** Of the old network's answer in the target of a replayed clip; the rest is its label, where it has one. */
  distillation: z.number().min(0).max(1),
});
export type FinetunePlan = z.infer<typeof FinetunePlan>;

const QUICK: FinetunePlan = {
  layers: 'all',
  boostStrength: 0.5,
  boostDecay: 0.8,
  learningRate: 0.012,
  learningRateFactor: 0.65,
  momentum: 0.9,
  weightDecay: 0.0001,
  epochs: 6,
  batchSize: 32,
  firstEpochBatchSize: 32,
  windowsPerWord: 250,
  windowsAtMost: 1500,
  hardNegatives: 1.2,
  replayWindows: 2400,
  windowSets: 1,
  distillation: 1,
};

export const FINETUNE_PLANS: Readonly<Record<FinetuneMode, FinetunePlan>> = {
  quick: QUICK,
  thorough: {
    ...QUICK,
    epochs: 10,
    learningRate: 0.008,
    learningRateFactor: 0.75,
    windowsPerWord: 500,
    windowsAtMost: 3000,
    hardNegatives: 1.5,
    replayWindows: 3500,
    windowSets: 2,
  },
};
