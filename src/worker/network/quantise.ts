import { WinnowError } from '../../shared/errors.js';
import type { FeatureSpec } from '../../shared/features.js';
import { boostFactors, targetDutyCycle } from './boosting.js';
import { BATCH_NORM_EPSILON, type LayerShape, type LayerTensors, type Model } from './model.js';
import { ACTIVATION_MAX, quantiseInput, requantise, roundHalfUp, type QuantisedLayer, type QuantisedModel } from './quantised.js';
import { checkWindows } from './reference.js';
import { Int8Layer, largestSum } from './reference-int8-layer.js';
import { activationShape } from './shapes.js';
import { checkTensors } from './tensors.js';

const WEIGHT_MAX = 127;
const RANK_FACTOR_MAX = 255;
/** Biases beyond this would drown the weights, and the native kernels need sums below 2^24. */
const BIAS_LIMIT = 2 ** 23;

/**
 * Turns a trained network into 8-bit numbers.
 * @param windows as for `Backend.infer`: examples from which the ranges are taken
 * @throws WinnowError `network-quantise` where the network has what 8 bits have no place for
 */
export function quantise(model: Model, windows: Float32Array, count: number): QuantisedModel {
  const shapes = checkTensors(model.spec, model.layers);
  const { channels, height, width } = model.spec.input;
  checkWindows(windows, count, channels * height * width);
  const input = inputRange(model.features, windows);
  let activations = Array.from({ length: count }, (_, w) =>
    quantiseInput(input, windows.subarray((w * windows.length) / count, ((w + 1) * windows.length) / count)),
  );
  const layers: QuantisedLayer[] = [];
  let scale = input.step;
  shapes.forEach((shape, i) => {
    const first = i === 0;
    const last = i === shapes.length - 1;
    checkActivation(shape, last);
    const { layer, weightScale } = quantiseWeights(shape, model.layers[i]!, scale, first ? input.low : 0);
    scale *= weightScale;
    const unshifted = new Int8Layer(shape, layer, first);
    if (last) {
      layers.push(layer);
      return;
    }
    let largest = 0;
    for (const activation of activations) largest = Math.max(largest, unshifted.largestSum(activation));
    const shifted = { ...layer, shift: shiftFor(largest) };
    scale *= 2 ** shifted.shift;
    layers.push(shifted);
    const runner = new Int8Layer(shape, shifted, first);
    activations = activations.map((activation) => runner.run(activation).output);
  });
  const { name, spec, labels, features } = model;
  return { name, spec, labels, features, input, layers, logitScale: scale };
}

/** The whole range where the features have one, otherwise that of the examples. */
function inputRange(features: FeatureSpec, windows: Float32Array): { low: number; step: number } {
  let low = -features.floorDb;
  let high = 0;
  if (features.standardise) {
    low = Infinity;
    high = -Infinity;
    for (const value of windows) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (!(low < high)) throw new WinnowError('network-quantise', { reason: 'the examples hold a single value' });
  }
  return { low, step: (high - low) / ACTIVATION_MAX };
}

function checkActivation({ spec }: LayerShape, last: boolean): void {
  const { kind } = spec.activation;
  if (last || kind === 'relu' || (kind === 'kWinners' && spec.activation.selection.kind !== 'threshold')) return;
  throw new WinnowError('network-quantise', { reason: `layer "${spec.name}" has an activation that 8 bits cannot hold` });
}

function quantiseWeights(
  shape: LayerShape,
  tensors: LayerTensors,
  inputScale: number,
  low: number,
): { layer: QuantisedLayer; weightScale: number } {
  const { channels, fanIn, spec } = shape;
  const scales = Float64Array.from({ length: channels }, (_, c) =>
    tensors.variance ? 1 / Math.sqrt(tensors.variance[c]! + BATCH_NORM_EPSILON) : 1,
  );
  let largest = 0;
  tensors.weight.forEach((weight, i) => (largest = Math.max(largest, Math.abs(weight * scales[Math.floor(i / fanIn)]!))));
  const weightScale = largest === 0 ? 1 : largest / WEIGHT_MAX;
  const weight = Int8Array.from(tensors.weight, (value, i) =>
    roundHalfUp((value * scales[Math.floor(i / fanIn)]!) / weightScale),
  );
  const bias = Int32Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let slot = 0; slot < fanIn; slot++) sum += weight[c * fanIn + slot]!;
    const shift = (tensors.bias[c]! - (tensors.mean?.[c] ?? 0)) * scales[c]!;
    const value = roundHalfUp((shift + low * weightScale * sum) / (weightScale * inputScale));
    if (Math.abs(value) >= BIAS_LIMIT) {
      throw new WinnowError('network-quantise', {
        reason: `a bias of layer "${spec.name}" is out of all proportion to its weights`,
      });
    }
    return value;
  });
  const layer: QuantisedLayer = {
    weight,
    ...(tensors.mask ? { mask: tensors.mask } : {}),
    bias,
    shift: 0,
    ...ranks(shape, tensors),
  };
  if (largestSum(shape, layer) >= 2 ** 31) {
    throw new WinnowError('network-quantise', { reason: `the sums of layer "${spec.name}" do not fit 32 bits` });
  }
  return { layer, weightScale };
}

/** Boost factors, the largest as 255. */
function ranks(shape: LayerShape, tensors: LayerTensors): { rankFactor?: Uint8Array } {
  const { activation } = shape.spec;
  if (activation.kind !== 'kWinners' || !activation.boosting.atInference || activation.boosting.strength === 0) return {};
  const target = targetDutyCycle(activation, activationShape(shape));
  const factors = boostFactors(tensors.dutyCycle!, target, activation.boosting.strength);
  const largest = Math.max(...factors);
  return { rankFactor: Uint8Array.from(factors, (factor) => Math.max(1, roundHalfUp((factor / largest) * RANK_FACTOR_MAX))) };
}

/** The least shift after which the largest sum is at most 255. */
function shiftFor(largest: number): number {
  let shift = 0;
  while (requantise(largest, shift, Infinity) > ACTIVATION_MAX) shift++;
  return shift;
}
