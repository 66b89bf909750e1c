import type { Drawing } from '../training/evolution.js';
import type { FinetuneMode, FinetunePlan } from '../training/finetune/plan.js';

/** What a unit of an experiment does. Each kind has one runner. */
export type Task = SpeechTask | ImageTask | EvolvedTask | HebbianTask | TeachTask | CostTask | TheoryTask;

/** Train by a recipe on spoken commands, evaluate on its test part at the eleven noise levels. */
export interface SpeechTask {
  readonly kind: 'speech';
  readonly recipe: string;
  /** `key=value`, as `winnow train --set` takes them. */
  readonly set: readonly string[];
  /** Evaluated on the validation part, and the test part is never opened: for designs that are chosen by the result. */
  readonly screening?: true;
}

/** Train a convolutional preset on MNIST, evaluate at the eleven levels of pixel noise (paper, section 4.1). */
export interface ImageTask {
  readonly kind: 'image';
  readonly preset: string;
  readonly epochs: number;
  readonly learningRate: number;
  readonly learningRateFactor: number;
  readonly momentum: number;
  readonly batchSize: number;
  readonly firstEpochBatchSize: number;
}

export const GROWTH_METHODS = ['static', 'set', 'liset', 'cosine', 'pruned'] as const;

/** Train a multilayer perceptron whose connections evolve (or stay, or are pruned), at the same number of connections. */
export interface EvolvedTask {
  readonly kind: 'evolved';
  readonly data: 'mnist' | 'isolet';
  /** MNIST only: whether pixels are brought to mean 0 and deviation 1, or stay in [0, 1]. The document does not say. */
  readonly normalised?: boolean;
  /** MNIST only: trains on so many images, the first ones; on all by default. */
  readonly images?: number;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly method: (typeof GROWTH_METHODS)[number];
  readonly epsilon: number;
  /** LiSET only. */
  readonly gamma?: number;
  /** LiSET only: how inputs' importance decides where connections come from; in its ratio (Eq. 2) by default. */
  readonly drawing?: Drawing;
  /** Fraction of each sign that is removed at each epoch. */
  readonly zeta: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Of the gradient descent; the document names none. */
  readonly momentum?: number;
  /**
   * How large the first weights are: U(-s, s) with s = sqrt(1 / units), as those that are added later (the default), or
   * sqrt(1 / inputs), PyTorch's.
   */
  readonly start?: 'asAdded' | 'fanIn';
  readonly batchSize: number;
  readonly dropout: number;
  /** Chance that a skip layer is left out of a step; LiSET only. */
  readonly skipDropout?: number;
}

/** Train a layer on unlabelled speech by Oja's rule, then a linear read-out of its winners with labels. */
export interface HebbianTask {
  readonly kind: 'hebbian';
  readonly units: number;
  /** Winners. */
  readonly k: number;
  /** Passes without labels; 0 keeps the weights as drawn. */
  readonly epochs: number;
  readonly learningRate: number;
  readonly boostStrength: number;
  /**
   * What is done to the windows first: nothing, the mean of all is taken away, or they are whitened with this shrinkage (see
   * `Whitening`). It needs no labels either.
   */
  readonly inputs: 'asTheyAre' | 'centred' | { readonly whitenedBy: number };
  readonly readOutEpochs: number;
}

/** Teach words to a network that knows others, and judge what it has learned and what it has kept. */
export interface TeachTask {
  readonly kind: 'teach';
  readonly base: TeachBase;
  readonly takes: DigitTakes | CommandTakes;
  readonly mode: FinetuneMode;
  /** Parts of the mode's plan that are otherwise. */
  readonly set: Partial<FinetunePlan>;
  /** Whether the old words are kept by replaying the training data, or with what ships alone. */
  readonly replay: 'data' | 'shipped';
}

export type TeachBase =
  | { readonly kind: 'shipped'; readonly model: string }
  /** Trained here by a recipe, with one of its words left out: like all other words it is unknown then. */
  | { readonly kind: 'without'; readonly recipe: string; readonly word: string; readonly set: readonly string[] };

/** Digits by one speaker: some takes are learned, the others and the speaker's other digits are judged by. */
export interface DigitTakes {
  readonly kind: 'digits';
  readonly speaker: string;
  readonly words: readonly string[];
  /** Of each word. */
  readonly takes: number;
}

/** A command by many speakers of the training part, judged by those of the test part. */
export interface CommandTakes {
  readonly kind: 'command';
  readonly word: string;
  readonly speakers: number;
  /** Of each speaker. */
  readonly takes: number;
}

/** Count a preset's parameters and multiplies. */
export interface CostTask {
  readonly kind: 'cost';
  readonly preset: string;
  readonly winnersBeforePool: boolean;
}

/** Compute a line of a theory figure. */
export type TheoryTask =
  /** Figure 2: against n; `a` null is the dense line, a = n/2. */
  | { readonly kind: 'theory'; readonly figure: 'binary'; readonly a: number | null }
  /** Figure 3 left: against n at S = 1. */
  | { readonly kind: 'theory'; readonly figure: 'scalar'; readonly a: number | null }
  /** Figure 3 right: against S at n = 1000. */
  | { readonly kind: 'theory'; readonly figure: 'scale'; readonly a: number };
