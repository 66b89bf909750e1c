import type { LayerActivity } from '../../shared/network.js';
import { countOnes } from '../network/counts.js';
import type { LayerShape, LayerTensors } from '../network/model.js';
import { outputSize } from '../network/shapes.js';

export type Storage = 'dense' | 'sparse';

/** Bytes of one weight or value, and of the index that says where it belongs. */
const VALUE_BYTES = { fp32: 4, int8: 1 } as const;
/** Of a weight within its layer's list: 16 bits. */
const WEIGHT_INDEX_BYTES = 2;
/** Of a winner within its layer. */
const WINNER_INDEX_BYTES = 4;

/**
 * What a layer must move at least for one word, computed from how its numbers are stored; each counts once, however often a
 * cache has to be asked again.
 *
 * `dense`: every weight, every input and every output, as values. `sparse`: the weights that meet an active input, each with an
 * index where the layer has a mask (a weight of a convolution meets several, and counts once); of a layer of winners only the
 * winners, each with an index.
 * @param input what the layer before did; undefined for the first layer
 */
export function bytesTouched(
  storage: Storage,
  dtype: 'fp32' | 'int8',
  shape: LayerShape,
  { weight, mask }: LayerTensors,
  activity: Pick<LayerActivity, 'active' | 'multiplies'>,
  input: { readonly shape: LayerShape; readonly active: number } | undefined,
): number {
  const value = VALUE_BYTES[dtype];
  const inputs = shape.inputChannels * shape.inputHeight * shape.inputWidth;
  const read = input ? tensorBytes(storage, value, input.shape, input.active) : inputs * value;
  const written = tensorBytes(storage, value, shape, activity.active);
  if (storage === 'dense') return weight.length * value + read + written;
  const existing = mask ? countOnes(mask) : weight.length;
  const touched = Math.min(existing, activity.multiplies);
  return touched * (value + (mask ? WEIGHT_INDEX_BYTES : 0)) + read + written;
}

/** What lies between two layers. */
function tensorBytes(storage: Storage, value: number, shape: LayerShape, active: number): number {
  if (storage === 'sparse' && shape.spec.activation.kind === 'kWinners') return active * (value + WINNER_INDEX_BYTES);
  return outputSize(shape) * value;
}
