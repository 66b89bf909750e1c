import { WinnowError } from '../../shared/errors.js';
import { countOnes } from './counts.js';
import { fitsHalf } from './half.js';
import type { LayerShape, LayerTensors } from './model.js';
import { loadNumbers, storeNumbers, type StoredTensor } from './safetensors.js';

/** How weights are stored; everything else is always single precision. */
export type WeightPrecision = 'f32' | 'f16';

const BYTE_BITS = 8;

/**
 * A layer as it is stored. Weights with a mask become a bitmap of the weights that exist (bit i of the file, least significant
 * first, is weight i) and the values of those alone, so that the mask survives half precision.
 */
export function storeLayer(shape: LayerShape, layer: LayerTensors, precision: WeightPrecision): StoredTensor[] {
  const { spec, channels, fanIn, inputChannels } = shape;
  const name = (part: string): string => `${spec.name}.${part}`;
  const dtype = precision === 'f16' && fitsHalf(layer.weight) ? 'F16' : 'F32';
  const stored: StoredTensor[] = [];
  if (layer.mask) {
    const { mask } = layer;
    const values = layer.weight.filter((_, i) => mask[i] !== 0);
    stored.push(storeNumbers(name('weight.values'), values, dtype, [values.length]));
    const bitmap = packBits(mask);
    stored.push({ name: name('weight.mask'), dtype: 'U8', shape: [bitmap.length], bytes: bitmap });
  } else {
    const sides = spec.type === 'conv' ? [channels, inputChannels, spec.kernel, spec.kernel] : [channels, fanIn];
    stored.push(storeNumbers(name('weight'), layer.weight, dtype, sides));
  }
  for (const part of ['bias', 'mean', 'variance', 'dutyCycle'] as const) {
    const values = layer[part];
    if (values) stored.push(storeNumbers(name(part), values, 'F32', [values.length]));
  }
  return stored;
}

/** Takes layers out of a file's tensors, each exactly once. */
export class StoredLayers {
  private readonly tensors: Map<string, StoredTensor>;

  constructor(tensors: readonly StoredTensor[]) {
    this.tensors = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** @throws WinnowError `model-format` where a tensor is missing or has another type or length than the layer */
  take(shape: LayerShape): LayerTensors {
    const { spec, channels, fanIn } = shape;
    const count = channels * fanIn;
    const bitmap = this.optional(`${spec.name}.weight.mask`);
    const vector = (part: string): Float32Array => this.numbers(`${spec.name}.${part}`, channels, false);
    const weights = bitmap
      ? this.sparseWeights(spec.name, bitmap, count)
      : { weight: this.numbers(`${spec.name}.weight`, count, true) };
    return {
      ...weights,
      bias: vector('bias'),
      ...(spec.batchNorm ? { mean: vector('mean'), variance: vector('variance') } : {}),
      ...(spec.activation.kind === 'kWinners' ? { dutyCycle: this.dutyCycle(spec.name, channels) } : {}),
    };
  }

  /** @throws WinnowError `model-format` where tensors are left that belong to no layer */
  finish(): void {
    for (const name of this.tensors.keys()) throw refusal(`tensor "${name.slice(0, 64)}" belongs to no layer`);
  }

  /** Boosting decides by them who wins, and training goes on from them: zeros in their place would be another network. */
  private dutyCycle(layer: string, channels: number): Float32Array {
    const name = `${layer}.dutyCycle`;
    if (!this.tensors.has(name))
      throw refusal(`units of layer "${layer}" compete, and their duty cycles (tensor "${name}") are missing`);
    return this.numbers(name, channels, false);
  }

  private sparseWeights(layer: string, bitmap: StoredTensor, count: number): Pick<LayerTensors, 'weight' | 'mask'> {
    const { name, dtype, bytes } = bitmap;
    if (dtype !== 'U8' || bytes.length !== Math.ceil(count / BYTE_BITS))
      throw refusal(`tensor "${name}" is not a bitmap of ${count} bits`);
    const mask = unpackBits(bytes, count);
    if (!mask) throw refusal(`tensor "${name}" has bits beyond its last weight`);
    const values = this.numbers(`${layer}.weight.values`, countOnes(mask), true);
    const weight = new Float32Array(count);
    for (let i = 0, at = 0; i < count; i++) if (mask[i] !== 0) weight[i] = values[at++]!;
    return { weight, mask };
  }

  private numbers(name: string, length: number, half: boolean): Float32Array {
    const tensor = this.optional(name);
    if (!tensor) throw refusal(`tensor "${name}" is missing`);
    if (tensor.dtype === 'U8' || (tensor.dtype === 'F16' && !half)) throw refusal(`tensor "${name}" is of type ${tensor.dtype}`);
    const values = loadNumbers(tensor);
    if (values.length !== length) throw refusal(`tensor "${name}" holds ${values.length} values where ${length} belong`);
    return values;
  }

  private optional(name: string): StoredTensor | undefined {
    const tensor = this.tensors.get(name);
    this.tensors.delete(name);
    return tensor;
  }
}

function packBits(mask: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(mask.length / BYTE_BITS));
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) bits[i >> 3] = bits[i >> 3]! | (1 << (i & 7));
  return bits;
}

function unpackBits(bits: Uint8Array, count: number): Uint8Array | undefined {
  const mask = new Uint8Array(count);
  for (let i = 0; i < count; i++) mask[i] = (bits[i >> 3]! >> (i & 7)) & 1;
  for (let i = count; i < bits.length * BYTE_BITS; i++) if ((bits[i >> 3]! >> (i & 7)) & 1) return undefined;
  return mask;
}

function refusal(reason: string): WinnowError {
  return new WinnowError('model-format', { reason });
}
