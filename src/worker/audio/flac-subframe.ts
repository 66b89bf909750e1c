import type { FlacBits } from './flac-bits.js';

/** What the FLAC format forbids, in words. */
export class Malformed extends Error {}

/** Prediction from the last 0-4 samples with binomial coefficients. */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];
const WASTED_BITS_MAX = 24;
const PRECISION_RESERVED = 16;

/**
 * One channel of one frame.
 * @param width bits per sample, at most 25
 */
export function decodeSubframe(bits: FlacBits, length: number, width: number): Int32Array {
  if (bits.bits(1) !== 0) throw new Malformed('a subframe begins with a one');
  const type = bits.bits(6);
  let wasted = 0;
  if (bits.bits(1) === 1) wasted = bits.unary() + 1;
  if (wasted >= width || wasted > WASTED_BITS_MAX) throw new Malformed('a subframe wastes all its bits');
  const samples = new Int32Array(length);
  const used = width - wasted;
  if (type === 0) samples.fill(bits.signed(used));
  else if (type === 1) for (let i = 0; i < length; i++) samples[i] = bits.signed(used);
  else if (type >= 8 && type <= 12) fixed(bits, samples, used, type - 8);
  else if (type >= 32) linear(bits, samples, used, type - 31);
  else throw new Malformed('a subframe is of a reserved type');
  if (wasted > 0) for (let i = 0; i < length; i++) samples[i] = samples[i]! << wasted;
  return samples;
}

function warmUp(bits: FlacBits, samples: Int32Array, width: number, order: number): void {
  if (order > samples.length) throw new Malformed('a frame is shorter than what predicts it');
  for (let i = 0; i < order; i++) samples[i] = bits.signed(width);
}

function fixed(bits: FlacBits, samples: Int32Array, width: number, order: number): void {
  warmUp(bits, samples, width, order);
  residual(bits, samples, order);
  predict(samples, FIXED[order]!, 0);
}

function linear(bits: FlacBits, samples: Int32Array, width: number, order: number): void {
  warmUp(bits, samples, width, order);
  const precision = bits.bits(4) + 1;
  const shift = bits.signed(5);
  if (precision === PRECISION_RESERVED) throw new Malformed('a subframe has a reserved precision');
  if (shift < 0) throw new Malformed('a subframe has a negative shift');
  const coefficients = Array.from({ length: order }, () => bits.signed(precision));
  residual(bits, samples, order);
  predict(samples, coefficients, shift);
}

/** Adds to each residual what the samples before it predict. Sums are exact: at most 25 + 15 + 5 bits in a double's 53. */
function predict(samples: Int32Array, coefficients: readonly number[], shift: number): void {
  const order = coefficients.length;
  const scale = 2 ** -shift;
  const weights = Float64Array.from(coefficients);
  for (let i = order; i < samples.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += weights[j]! * samples[i - 1 - j]!;
    samples[i] = samples[i]! + Math.floor(sum * scale);
  }
}

function residual(bits: FlacBits, samples: Int32Array, order: number): void {
  const method = bits.bits(2);
  if (method > 1) throw new Malformed('a subframe has a reserved coding');
  const parameterBits = method === 0 ? 4 : 5;
  const escape = 2 ** parameterBits - 1;
  const partitionOrder = bits.bits(4);
  const partition = samples.length >> partitionOrder;
  if (partition << partitionOrder !== samples.length || partition < order) {
    throw new Malformed('a subframe has impossible partitions');
  }
  for (let from = order, end = partition; end <= samples.length; from = end, end += partition) {
    const parameter = bits.bits(parameterBits);
    if (parameter < escape) {
      bits.rice(samples, from, end - from, parameter);
    } else {
      const width = bits.bits(5);
      for (let i = from; i < end; i++) samples[i] = bits.signed(width);
    }
  }
}
