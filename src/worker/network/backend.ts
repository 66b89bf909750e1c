import type { ScaledWindow } from '../../shared/features.js';
import type { BackendKind, LayerActivity } from '../../shared/network.js';
import type { Model } from './model.js';

/** One layer seen from inside, for agreement checks and for the screens that show why. */
export interface LayerTrace {
  /** Indices of the active units in the tensor that the activation works on, ascending. */
  readonly winners: Uint32Array;
  /** The layer's output after activation and pooling, `[channel][row][column]`. */
  readonly output: Float32Array;
  /** The boosted values that decided who wins, in the same tensor as `winners`; from the `reference` back end, where units compete. */
  readonly competing?: Float32Array;
}

export interface InferenceResult {
  /** `[window][class]`. */
  readonly logits: Float32Array;
  /** `[window][layer]`, exact for each input. */
  readonly activity: readonly (readonly LayerActivity[])[];
  /** `[window][layer]`; only when asked for, and only from back ends that can. */
  readonly traces?: readonly (readonly LayerTrace[])[];
}

export interface InferOptions {
  readonly trace?: boolean;
  /** Threads for this call; 1 on the live path. */
  readonly threads?: number;
}

/** A network ready to run. All back ends run the same model and agree (see `docs/architecture.md`). */
export interface Backend {
  readonly kind: BackendKind;
  /** What runs: the instruction set, or the library and its version. */
  readonly detail: string;
  readonly model: Model;
  /** @param windows `[window][band][frame]`, as the model's FeatureSpec makes them. */
  infer(windows: Float32Array, count: number, options?: InferOptions): Promise<InferenceResult>;
  /** For the consecutive windows of one stream; nothing where this back end cannot reuse anything for this model. */
  openStream?(): WindowStream | undefined;
  close(): Promise<void>;
}

/**
 * Hears windows that move on by a column at a time, and computes only what the window before has not. Any other window may come
 * too, after a gap for instance: all of it is computed then. Answers are those of `infer`, within the tolerance of the back ends.
 */
export interface WindowStream {
  /** @returns logits by class, activity by layer: `multiplies` of what was computed, `freshMultiplies` where that is not all */
  infer(window: ScaledWindow): Promise<{ readonly logits: Float32Array; readonly activity: readonly LayerActivity[] }>;
}
