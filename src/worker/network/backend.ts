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
  close(): Promise<void>;
}
