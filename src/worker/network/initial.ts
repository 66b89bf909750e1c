import type { NetworkSpec } from '../../shared/network.js';
import { deriveSeed, Random } from '../training/random.js';
import { randomMask } from './masks.js';
import type { LayerShape, LayerTensors } from './model.js';
import { layerShapes } from './shapes.js';

/** Chooses the weights that exist in one layer; the default has equal non-zeros per unit. */
export type MaskRule = (shape: LayerShape, seed: number) => Uint8Array | undefined;

/**
 * A network before training: masks drawn, weights and biases uniform in +-1 / sqrt(fan-in) on the full fan-in (Kaiming with
 * a = sqrt 5, as the published networks start) and zero off the mask; batch norm at mean 0 and variance 1, duty cycles at 0.
 */
export function initialLayers(spec: NetworkSpec, seed: number, masks: MaskRule = randomMask): LayerTensors[] {
  return layerShapes(spec).map((shape, i) => {
    const { channels, fanIn } = shape;
    const random = new Random(deriveSeed(seed, 'weights', i));
    const bound = 1 / Math.sqrt(fanIn);
    const draw = (): number => random.uniform(-bound, bound);
    const mask = masks(shape, deriveSeed(seed, 'mask', i));
    const weight = Float32Array.from({ length: channels * fanIn }, draw);
    if (mask) for (let j = 0; j < weight.length; j++) if (mask[j] === 0) weight[j] = 0;
    return {
      weight,
      ...(mask ? { mask } : {}),
      bias: Float32Array.from({ length: channels }, draw),
      ...(shape.spec.batchNorm ? { mean: new Float32Array(channels), variance: new Float32Array(channels).fill(1) } : {}),
      ...(shape.spec.activation.kind === 'kWinners' ? { dutyCycle: new Float32Array(channels) } : {}),
    };
  });
}
