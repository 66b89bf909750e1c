import { WinnowError } from '../../shared/errors.js';
import type { FeatureSpec } from '../../shared/features.js';
import type { NetworkSpec } from '../../shared/network.js';
import type { LayerShape } from './model.js';
import { layerShapes } from './shapes.js';

/** The numbers of one layer in 8 bits; see `docs/quantisation.md`. */
export interface QuantisedLayer {
  /** As in `LayerTensors`, batch norm folded in; -127 to 127. */
  readonly weight: Int8Array;
  readonly mask?: Uint8Array;
  /** In units of the sums. */
  readonly bias: Int32Array;
  /** Bits that a sum is shifted right, rounding half up, to become an activation of 0 to 255. The last layer is not shifted. */
  readonly shift: number;
  /** By channel or unit, where winners are boosted: winners are ranked by activation x factor. */
  readonly rankFactor?: Uint8Array;
}

/** A network whose weights are int8, activations uint8 and sums int32. */
export interface QuantisedModel {
  readonly name: string;
  readonly spec: NetworkSpec;
  readonly labels: readonly string[];
  readonly features: FeatureSpec;
  /** An input value v is held as round((v - low) / step), 0 to 255. */
  readonly input: { readonly low: number; readonly step: number };
  readonly layers: readonly QuantisedLayer[];
  /** A logit is the last layer's sum times this. */
  readonly logitScale: number;
}

export const ACTIVATION_MAX = 255;
export function roundHalfUp(value: number): number {
  return Math.floor(value + 0.5);
}

/** The input as the quantised network takes it. */
export function quantiseInput({ low, step }: QuantisedModel['input'], window: Float32Array): Uint8Array {
  return Uint8Array.from(window, (value) => Math.min(ACTIVATION_MAX, Math.max(0, roundHalfUp((value - low) / step))));
}

/** (sum + half) >> shift, from 0 to `most`. */
export function requantise(sum: number, shift: number, most = ACTIVATION_MAX): number {
  const half = shift === 0 ? 0 : 1 << (shift - 1);
  return Math.min(most, Math.max(0, (sum + half) >> shift));
}

/** Shapes of a quantised network. @throws WinnowError `network-quantise` where its numbers do not fit them */
export function checkQuantised(model: QuantisedModel): LayerShape[] {
  const shapes = layerShapes(model.spec);
  shapes.forEach((shape, i) => {
    const layer = model.layers[i];
    const refuse = (reason: string): never => {
      throw new WinnowError('network-quantise', { reason: `layer "${shape.spec.name}": ${reason}` });
    };
    if (!layer) return refuse('its numbers are missing');
    if (layer.weight.length !== shape.channels * shape.fanIn) refuse('a wrong number of weights');
    if (layer.mask && layer.mask.length !== layer.weight.length) refuse('a mask of another size than its weights');
    if (layer.bias.length !== shape.channels) refuse('a wrong number of biases');
    if (!(layer.shift >= 0 && layer.shift <= 30)) refuse('a shift outside 0 to 30');
    if (layer.rankFactor && layer.rankFactor.length !== shape.channels) refuse('a wrong number of rank factors');
  });
  return shapes;
}
