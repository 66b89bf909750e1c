/** Summaries over seeds. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single value. */
  readonly sd: number | null;
  /** Half width of the 95 % interval of the mean (Student's t); null for a single value. */
  readonly halfWidth95: number | null;
}

/** Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom; beyond that the normal's. */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101,
  2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL_95 = 1.96;

/** @param values at least one */
export function summarise(values: readonly number[]): Summary {
  const n = values.length;
  if (n === 0) throw new RangeError('no values to summarise');
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean, sd: null, halfWidth95: null };
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { n, mean, sd, halfWidth95: (t95(n - 1) * sd) / Math.sqrt(n) };
}

function t95(degreesOfFreedom: number): number {
  return T_95[degreesOfFreedom - 1] ?? NORMAL_95;
}

/** A difference of two means. */
export interface Difference {
  readonly mean: number;
  /** Half width of its 95 % interval; null where either side is a single value. */
  readonly halfWidth95: number | null;
}

/** a - b, with Welch's interval for unequal variances; its degrees of freedom are rounded down, to the wider side. */
export function difference(a: Summary, b: Summary): Difference {
  const mean = a.mean - b.mean;
  if (a.sd === null || b.sd === null) return { mean, halfWidth95: null };
  const [va, vb] = [a.sd ** 2 / a.n, b.sd ** 2 / b.n];
  if (va + vb === 0) return { mean, halfWidth95: 0 };
  const degreesOfFreedom = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
  return { mean, halfWidth95: t95(Math.max(1, Math.floor(degreesOfFreedom))) * Math.sqrt(va + vb) };
}
