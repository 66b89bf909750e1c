import type { NetworkSpec } from '../../shared/network.js';
import type { LayerShape, Model } from './model.js';
import { layerShapes, nonZerosPerUnit } from './shapes.js';

/** Numbers of one layer that exist: weights on the mask, and biases (which are counted in every published figure). */
export interface ParameterCount {
  readonly weights: number;
  readonly biases: number;
  /** Weights of the same layer without a mask. */
  readonly denseWeights: number;
}

/** What a layer of this shape holds when every unit has the same number of weights. */
export function layerParameters(shape: LayerShape): ParameterCount {
  return {
    weights: shape.channels * nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity),
    biases: shape.channels,
    denseWeights: shape.channels * shape.fanIn,
  };
}

/** Non-zero parameters of a network with equal non-zeros per unit: the figure of patent Table 2. */
export function nonZeroParameters(spec: NetworkSpec): number {
  return layerShapes(spec).reduce((sum, shape) => {
    const { weights, biases } = layerParameters(shape);
    return sum + weights + biases;
  }, 0);
}

/** The same, counted in a model: weights on its masks, and biases. */
export function modelNonZeros(model: Model): number {
  return model.layers.reduce(
    (sum, layer) => sum + (layer.mask ? countOnes(layer.mask) : layer.weight.length) + layer.bias.length,
    0,
  );
}

export function countOnes(mask: Uint8Array): number {
  let ones = 0;
  for (const bit of mask) if (bit !== 0) ones++;
  return ones;
}
