import { z } from 'zod';
import type { LayerActivity } from './network.js';

/** What the Sparsity screen asks of the engine: one network seen from inside, layer by layer. */

/** A model tried with other winners than it was trained for; what is left out stays as it is in the model. */
export const InsideChanges = z.strictObject({
  boostAtInference: z.boolean().optional(),
  kInferenceFactor: z.number().min(0.1).max(10).optional(),
});
export type InsideChanges = z.infer<typeof InsideChanges>;

/** How one layer chooses its winners; from the model alone. */
export interface LayerFacts {
  readonly name: string;
  readonly type: 'conv' | 'linear';
  /** The tensor that the activation works on. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Winners of one competition, of so many units, in so many competitions; null where units do not compete. */
  readonly winners: {
    readonly k: number;
    readonly of: number;
    readonly competitions: number;
    readonly selection: string;
    /** Where k comes from, in words. */
    readonly origin: string;
    readonly boostStrength: number;
    readonly boosted: boolean;
  } | null;
  /** By unit or channel; null where units do not compete. */
  readonly dutyCycle: readonly number[] | null;
  readonly targetDutyCycle: number | null;
  /** In bits, and the most that the target allows. */
  readonly entropy: number | null;
  readonly maximumEntropy: number | null;
  readonly neverWin: number | null;
  /** Existing weights and those of a dense layer. */
  readonly weights: number;
  readonly denseWeights: number;
  /** Existing weights by unit: classes of equal width from `least` to `most`. */
  readonly fanIn: { readonly least: number; readonly most: number; readonly units: readonly number[] };
}

export interface ModelFacts {
  readonly modelId: string;
  readonly layers: readonly LayerFacts[];
}

/** One window of sound inside one network. */
export interface InsideView {
  readonly modelId: string;
  readonly labels: readonly string[];
  /** As changed, and as the model is by itself. */
  readonly scores: readonly number[];
  readonly scoresAsIs: readonly number[];
  readonly layers: readonly (LayerActivity & {
    /** A bit for each unit of `[channel][row][column]`, lowest first, base64: whether it is active. */
    readonly activeBits: string;
  })[];
  readonly computedMs: number;
}

/** One unit of one layer, stage by stage (FIG. 4 of the patent); null where the layer has no such stage. */
export interface UnitStages {
  readonly layer: string;
  readonly unit: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  /** Weights times inputs and bias. */
  readonly weightedSum: number | null;
  readonly normalised: number | null;
  readonly dutyCycle: number | null;
  readonly boost: number | null;
  readonly boosted: number | null;
  /** Place among its competitors, 1 the largest. */
  readonly rank: number | null;
  readonly competitors: number | null;
  readonly k: number | null;
  readonly active: boolean;
  /** What the layer passes on; after a pool, of the place that the unit went into. */
  readonly output: number;
}
