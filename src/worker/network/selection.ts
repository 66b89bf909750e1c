import type { KWinners, Selection, WinnerCount } from '../../shared/network.js';
import { roundHalfEven } from './rounding.js';
import type { TensorShape } from './shapes.js';

/**
 * Winners of one competition of `size` units: k, or the fraction of the size rounded half to even; at inference that times
 * the factor, again rounded half to even; never more than there are units.
 */
export function winnersPerCompetition(count: WinnerCount, size: number, inferenceFactor = 1): number {
  const k = 'k' in count ? count.k : roundHalfEven(count.percentOn * size);
  return Math.min(size, roundHalfEven(Math.min(size, k) * inferenceFactor));
}

/**
 * The units that compete with each other, as indices into `[channel][row][column]`, ascending within each competition.
 * A last group, and a volume at the tensor's edge, holds what is left.
 */
export function competitions(selection: Selection, tensor: TensorShape): Uint32Array[] {
  const { channels, height, width } = tensor;
  const map = height * width;
  switch (selection.kind) {
    case 'global':
    case 'threshold':
      return [range(0, channels * map)];
    case 'perChannel':
      return Array.from({ length: channels }, (_, c) => range(c * map, map));
    case 'local':
      return Array.from({ length: map }, (_, position) => range(position, channels, map));
    case 'group': {
      const size = channels * map;
      const groups = Math.ceil(size / selection.size);
      return Array.from({ length: groups }, (_, g) =>
        range(g * selection.size, Math.min(selection.size, size - g * selection.size)),
      );
    }
    case 'volume': {
      const volumes: Uint32Array[] = [];
      for (let c = 0; c < channels; c += selection.channels) {
        for (let y = 0; y < height; y += selection.height) {
          for (let x = 0; x < width; x += selection.width) volumes.push(box(tensor, selection, c, y, x));
        }
      }
      return volumes;
    }
  }
}

function range(start: number, length: number, step = 1): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => start + i * step);
}

function box(tensor: TensorShape, sides: TensorShape, channel: number, row: number, column: number): Uint32Array {
  const indices: number[] = [];
  for (let c = channel; c < Math.min(tensor.channels, channel + sides.channels); c++) {
    for (let y = row; y < Math.min(tensor.height, row + sides.height); y++) {
      for (let x = column; x < Math.min(tensor.width, column + sides.width); x++) {
        indices.push((c * tensor.height + y) * tensor.width + x);
      }
    }
  }
  return Uint32Array.from(indices);
}

/** Chooses winners in tensors of one shape; made once per layer, because it keeps the competitions and its working memory. */
export class WinnerSelector {
  private readonly groups: readonly { readonly indices: Uint32Array; readonly k: number }[];
  private readonly values: Float32Array;
  private readonly scratch: Float32Array;
  private readonly threshold: number | undefined;

  /** @param inference whether k is multiplied with the k-inference factor */
  constructor(winners: Pick<KWinners, 'selection' | 'count' | 'kInferenceFactor'>, tensor: TensorShape, inference = true) {
    const { selection, count } = winners;
    const factor = inference ? winners.kInferenceFactor : 1;
    this.threshold = selection.kind === 'threshold' ? selection.value : undefined;
    this.groups = competitions(selection, tensor).map((indices) => ({
      indices,
      k: winnersPerCompetition(count, indices.length, factor),
    }));
    const largest = this.groups.reduce((most, { indices }) => Math.max(most, indices.length), 0);
    this.values = new Float32Array(largest);
    this.scratch = new Float32Array(largest);
  }

  /**
   * @param boosted the values that decide, `[channel][row][column]`
   * @returns the winners' indices, ascending: exactly k of each competition (a tie goes to the lowest index), or every unit
   * strictly above the threshold. A NaN never wins against a number.
   */
  select(boosted: Float32Array): Uint32Array {
    const winners: number[] = [];
    for (const { indices, k } of this.groups) {
      if (this.threshold === undefined) this.largest(boosted, indices, k, winners);
      else for (const i of indices) if (boosted[i]! > this.threshold) winners.push(i);
    }
    const sorted = Uint32Array.from(winners);
    return this.groups.length > 1 ? sorted.sort() : sorted;
  }

  private largest(boosted: Float32Array, indices: Uint32Array, k: number, winners: number[]): void {
    const n = indices.length;
    if (k === 0) return;
    const values = this.values;
    for (let i = 0; i < n; i++) {
      const value = boosted[indices[i]!]!;
      values[i] = value === value ? value : -Infinity;
    }
    this.scratch.set(values.subarray(0, n));
    const kth = kthLargest(this.scratch, n, k);
    let above = 0;
    for (let i = 0; i < n; i++) if (values[i]! > kth) above++;
    let ties = k - above;
    for (let i = 0; i < n; i++) {
      const value = values[i]!;
      if (value > kth || (value === kth && ties-- > 0)) winners.push(indices[i]!);
    }
  }
}

/** The k-th largest of the first n values (k from 1), by quickselect; reorders them. No value may be NaN. */
export function kthLargest(values: Float32Array, n: number, k: number): number {
  const target = k - 1;
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i <= j) {
        const swapped = values[i]!;
        values[i] = values[j]!;
        values[j] = swapped;
        i++;
        j--;
      }
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  return values[target]!;
}
