/** Samples that a fit goes over at most, evenly spaced: the covariance of a thousand values is known well enough from these. */
const FIT_SAMPLES_MOST = 6000;

/**
 * Takes the mean of unlabelled inputs away and makes their values uncorrelated: x -> L^-1 (x - mean), with L L^T the covariance
 * plus `shrinkage` times its mean variance on the diagonal. (Any whitening is this one, turned. Shrinkage keeps the directions in
 * which the inputs hardly vary from being blown up to noise.)
 */
export class Whitening {
  private constructor(
    private readonly mean: Float64Array,
    /** L, `[row][column]`, lower triangle. */
    private readonly factor: Float64Array,
  ) {}

  /** @param inputs `[sample][value]`, `width` values each @param shrinkage above 0 */
  static fit(inputs: Float32Array, width: number, shrinkage: number): Whitening {
    const all = inputs.length / width;
    const count = Math.min(all, FIT_SAMPLES_MOST);
    const mean = new Float64Array(width);
    const chosen = Array.from({ length: count }, (_, s) => {
      const at = Math.floor((s * all) / count) * width;
      return Float64Array.from(inputs.subarray(at, at + width));
    });
    for (const x of chosen) for (let i = 0; i < width; i++) mean[i]! += x[i]! / count;
    // By value, so that a sum over samples runs along memory.
    const values = Array.from({ length: width }, (_, i) => Float64Array.from(chosen, (x) => x[i]! - mean[i]!));
    const covariance = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++) covariance[i * width + j] = dot(values[i]!, values[j]!, count) / count;
    let trace = 0;
    for (let i = 0; i < width; i++) trace += covariance[i * width + i]!;
    for (let i = 0; i < width; i++) covariance[i * width + i]! += (shrinkage * trace) / width;
    return new Whitening(mean, choleskyInPlace(covariance, width));
  }

  /** @returns a new array, each sample whitened and brought to length 1 (one that is the mean stays zero) */
  apply(inputs: Float32Array): Float32Array {
    const { mean, factor } = this;
    const width = mean.length;
    const result = new Float32Array(inputs.length);
    const y = new Float64Array(width);
    for (let at = 0; at < inputs.length; at += width) {
      let squares = 0;
      for (let i = 0; i < width; i++) {
        const row = factor.subarray(i * width, i * width + i + 1);
        y[i] = (inputs[at + i]! - mean[i]! - dot(row, y, i)) / row[i]!;
        squares += y[i]! ** 2;
      }
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let i = 0; i < width; i++) result[at + i] = y[i]! * scale;
    }
    return result;
  }
}

/** Sum of products of the first `count` values; four sums at once, because each alone would wait for its last addition. */
function dot(a: Float64Array, b: Float64Array, count: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < count; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/** The lower triangle L of A = L L^T, row by row; A is symmetric and positive definite, its upper triangle is not read. */
function choleskyInPlace(a: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    const row = a.subarray(i * size, (i + 1) * size);
    for (let j = 0; j <= i; j++) {
      const other = a.subarray(j * size, (j + 1) * size);
      const rest = row[j]! - dot(row, other, j);
      row[j] = i === j ? Math.sqrt(rest) : rest / other[j]!;
    }
  }
  return a;
}
