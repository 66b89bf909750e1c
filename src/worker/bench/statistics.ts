/**
 * The value that a fraction of the values do not exceed, by the nearest rank: the ceil(fraction x n)-th smallest.
 * @param values at least one
 */
export function percentile(values: ArrayLike<number>, fraction: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))]!;
}

/** How many times faster `time` is than `peerTime`; null where there is no peer. */
export function timesFaster(time: number, peerTime: number | undefined): number | null {
  return peerTime === undefined ? null : peerTime / time;
}

export interface Difference {
  readonly absolute: number;
  /** Relative to the largest logit of the row it is in. */
  readonly relative: number;
}

/** Largest difference between rows of logits. @param actual, @param expected `[row][class]` */
export function largestDifference(actual: Float32Array, expected: Float32Array, classes: number): Difference {
  if (actual.length !== expected.length) throw new RangeError(`${actual.length} logits, not ${expected.length}`);
  let absolute = 0;
  let relative = 0;
  for (let row = 0; row < expected.length; row += classes) {
    let largest = 0;
    let apart = 0;
    for (let i = row; i < row + classes; i++) {
      largest = Math.max(largest, Math.abs(expected[i]!));
      apart = Math.max(apart, Math.abs(actual[i]! - expected[i]!));
    }
    absolute = Math.max(absolute, apart);
    if (apart > 0) relative = Math.max(relative, apart / largest);
  }
  return { absolute, relative };
}
