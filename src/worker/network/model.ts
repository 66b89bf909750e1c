import type { SuggestedDecision } from '../../shared/contract.js';
import type { FeatureSpec } from '../../shared/features.js';
import type { LayerSpec, NetworkSpec } from '../../shared/network.js';

/**
 * The numbers of one layer. Convolution weights are `[out][in][row][column]`, linear weights `[out][in]`, both dense in
 * memory with zeros off the mask. `mask` is absent where every weight exists.
 */
export interface LayerTensors {
  weight: Float32Array;
  mask?: Uint8Array;
  bias: Float32Array;
  /** Running statistics of the batch norm, per channel or unit; present exactly where the layer has `batchNorm`. */
  mean?: Float32Array;
  variance?: Float32Array;
  /** Per channel or unit; present exactly where the activation is `kWinners`. */
  dutyCycle?: Float32Array;
}

/** Added to the variance by every batch norm (the published networks' default). */
export const BATCH_NORM_EPSILON = 1e-5;

/** Why a model can be trusted: how it was made and what it scored. Free-form beyond these, shown on the model's card. */
export interface TrainingReport {
  readonly command: string;
  readonly seed: number;
  readonly data: string;
  readonly split: string;
  readonly [key: string]: unknown;
}

/** A trained network, whole: everything that turns a second of sound into scores. */
export interface Model {
  readonly name: string;
  readonly spec: NetworkSpec;
  /** Output names in order of the logits. `_silence_` and `_unknown_` are the two that are no words. */
  readonly labels: readonly string[];
  readonly features: FeatureSpec;
  /** By layer, in the order of `spec.layers`. */
  readonly layers: readonly LayerTensors[];
  /** How its scores are best turned into words heard, found by a calibration. */
  readonly decision?: SuggestedDecision;
  readonly report?: TrainingReport;
}

export const SILENCE_LABEL = '_silence_';
export const UNKNOWN_LABEL = '_unknown_';

/** Sizes that follow from a layer's place in its network. */
export interface LayerShape {
  readonly spec: LayerSpec;
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  /** Before pooling. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** After pooling (equal to the above for a linear layer, whose height and width are 1). */
  readonly outputHeight: number;
  readonly outputWidth: number;
  /** Weights of one filter or unit, on the mask or not. */
  readonly fanIn: number;
}
