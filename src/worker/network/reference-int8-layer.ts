import type { LayerTrace } from './backend.js';
import type { LayerShape } from './model.js';
import { requantise, type QuantisedLayer } from './quantised.js';
import { WinnerSelector } from './selection.js';
import { activationShape, tensorSize } from './shapes.js';

export interface Int8Result {
  readonly winners: Uint32Array;
  readonly output: Uint8Array;
  readonly active: number;
  readonly multiplies: number;
}

/** The largest magnitude that a sum of this layer can have, whatever its input. */
export function largestSum({ channels, fanIn }: LayerShape, { weight, bias }: Pick<QuantisedLayer, 'weight' | 'bias'>): number {
  let largest = 0;
  for (let c = 0; c < channels; c++) {
    let sum = Math.abs(bias[c]!);
    for (let slot = 0; slot < fanIn; slot++) sum += Math.abs(weight[c * fanIn + slot]!) * 255;
    largest = Math.max(largest, sum);
  }
  return largest;
}

/**
 * One layer of the 8-bit forward pass, in integers throughout: int32 sums of int8 weights and uint8 inputs, max-pool,
 * requantisation to uint8, winners on the requantised values (times their rank factors), ties to the lowest index.
 */
export class Int8Layer {
  private readonly selector: WinnerSelector | undefined;
  /** Weights that exist of each slot: what an active input costs. */
  private readonly existing: Uint32Array;

  constructor(
    private readonly shape: LayerShape,
    private readonly layer: QuantisedLayer,
    private readonly first: boolean,
  ) {
    const { channels, fanIn, spec } = shape;
    if (spec.activation.kind === 'kWinners') this.selector = new WinnerSelector(spec.activation, activationShape(shape));
    this.existing = new Uint32Array(fanIn);
    for (let i = 0; i < channels * fanIn; i++) {
      if (!layer.mask || layer.mask[i] !== 0) this.existing[i % fanIn] = this.existing[i % fanIn]! + 1;
    }
  }

  run(input: Uint8Array): Int8Result {
    const { sums, multiplies } = this.sums(input);
    const { spec } = this.shape;
    const poolFirst = spec.type === 'conv' && !spec.activationBeforePool;
    const values = Uint8Array.from(poolFirst ? this.pooled(sums) : sums, (sum) => requantise(sum, this.layer.shift));
    const winners = this.activate(values);
    const output = poolFirst ? values : Uint8Array.from(this.pooled(values));
    return { winners, output, active: winners.length, multiplies };
  }

  /** Sums of the last layer, from which the logits follow. */
  logits(input: Uint8Array): { sums: Int32Array; multiplies: number } {
    return this.sums(input);
  }

  largestSum(input: Uint8Array): number {
    return this.sums(input).sums.reduce((largest, sum) => Math.max(largest, sum), 0);
  }

  /** `[channel][row][column]`, before the pool. */
  private sums(input: Uint8Array): { sums: Int32Array; multiplies: number } {
    const { channels, fanIn, height, width, inputHeight, inputWidth, spec } = this.shape;
    const { weight, bias } = this.layer;
    const kernel = spec.type === 'conv' ? spec.kernel : 0;
    const map = height * width;
    const sums = new Int32Array(channels * map);
    for (let c = 0; c < channels; c++) sums.fill(bias[c]!, c * map, (c + 1) * map);
    let multiplies = 0;
    const add = (slot: number, value: number, position: number): void => {
      if (value !== 0 || this.first) multiplies += this.existing[slot]!;
      if (value === 0) return;
      for (let c = 0, at = position; c < channels; c++, at += map) sums[at] = sums[at]! + value * weight[c * fanIn + slot]!;
    };
    input.forEach((value, i) => {
      if (kernel === 0) return add(i, value, 0);
      const channel = Math.floor(i / (inputHeight * inputWidth));
      const y = Math.floor(i / inputWidth) % inputHeight;
      const x = i % inputWidth;
      for (let ky = Math.max(0, y - height + 1); ky <= Math.min(kernel - 1, y); ky++) {
        for (let kx = Math.max(0, x - width + 1); kx <= Math.min(kernel - 1, x); kx++) {
          add((channel * kernel + ky) * kernel + kx, value, (y - ky) * width + x - kx);
        }
      }
    });
    return { sums, multiplies };
  }

  private pooled<T extends Int32Array | Uint8Array>(tensor: T): T {
    const { spec, channels, height, width, outputHeight, outputWidth } = this.shape;
    const pool = spec.type === 'conv' ? spec.pool : 1;
    if (pool === 1) return tensor;
    const output = tensor.slice(0, channels * outputHeight * outputWidth) as T;
    for (let c = 0, at = 0; c < channels; c++) {
      for (let y = 0; y < outputHeight; y++) {
        for (let x = 0; x < outputWidth; x++, at++) {
          let largest = -Infinity;
          for (let member = 0; member < pool * pool; member++) {
            const row = y * pool + Math.floor(member / pool);
            largest = Math.max(largest, tensor[(c * height + row) * width + x * pool + (member % pool)]!);
          }
          output[at] = largest;
        }
      }
    }
    return output;
  }

  /** Keeps the winners in place; ReLU is the requantisation's own lower end. */
  private activate(values: Uint8Array): Uint32Array {
    if (!this.selector) return Uint32Array.from(values.keys()).filter((i) => values[i] !== 0);
    const { rankFactor } = this.layer;
    const perChannel = tensorSize(activationShape(this.shape)) / this.shape.channels;
    const ranks = Float32Array.from(values, (value, i) => value * (rankFactor?.[Math.floor(i / perChannel)] ?? 1));
    const winners = this.selector.select(ranks);
    const kept = Uint8Array.from(winners, (i) => values[i]!);
    values.fill(0);
    winners.forEach((winner, i) => (values[winner] = kept[i]!));
    return winners;
  }
}

/** A trace as other back ends give it. */
export function traceOf({ winners, output }: Int8Result): LayerTrace {
  return { winners, output: Float32Array.from(output) };
}
