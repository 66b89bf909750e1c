/**
 * How likely a random vector matches a stored one ("How Can We Be So Dense?", section 2). A stored binary vector has `s` active
 * bits of `n`; a random one has `a`; they match when at least `theta` active bits coincide.
 */
export interface MatchParameters {
  readonly n: number;
  readonly a: number;
  readonly s: number;
  readonly theta: number;
}

/** Largest dimension the exact calculator accepts: binomials of this size have about 1,200 digits. */
export const MATCH_DIMENSION_MAX = 4096;

/** An exact probability: `numerator / denominator`. */
export interface ExactProbability {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** C(n, k), exact; 0 outside 0 <= k <= n. */
export function binomial(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  // Each partial product is itself a binomial, so every division is exact.
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * BigInt(n - i + 1)) / BigInt(i);
  return result;
}

/** Eq. 1: how many vectors with `k` active bits of `n` share exactly `b` with a vector of `active` bits. */
export function overlapSetSize(n: number, active: number, b: number, k: number): bigint {
  return binomial(active, b) * binomial(n - active, k - b);
}

/** Eq. 2: how many vectors with `a` active bits match a vector of `s`. */
export function matchCount({ n, a, s, theta }: MatchParameters): bigint {
  let count = 0n;
  for (let b = Math.max(0, theta); b <= s; b++) count += overlapSetSize(n, s, b, a);
  return count;
}

/** Eq. 3, exact. `n`, `a`, `s`, `theta` are integers with 0 <= a, s <= n <= MATCH_DIMENSION_MAX; others throw a RangeError. */
export function matchProbability(parameters: MatchParameters): ExactProbability {
  const { n, a, s, theta } = parameters;
  const integers = [n, a, s, theta].every(Number.isInteger);
  if (!integers || n < 1 || n > MATCH_DIMENSION_MAX || a < 0 || a > n || s < 0 || s > n) {
    throw new RangeError(
      `no match probability for n=${n}, a=${a}, s=${s}, theta=${theta}: 0 <= a, s <= n <= ${MATCH_DIMENSION_MAX}`,
    );
  }
  return { numerator: matchCount(parameters), denominator: binomial(n, a) };
}

/** Bits of quotient kept when an exact probability becomes a number: more than a double's 53. */
const QUOTIENT_BITS = 64;

/** The double nearest to an exact probability, also where it is far below the range that a direct division would keep. */
export function toNumber({ numerator, denominator }: ExactProbability): number {
  if (numerator === 0n) return 0;
  const shift = QUOTIENT_BITS + denominator.toString(2).length - numerator.toString(2).length;
  const scaled = shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  // Two factors, because 2^-shift alone may underflow.
  return Number(scaled) * 2 ** -Math.floor(shift / 2) * 2 ** -Math.ceil(shift / 2);
}

/** How often two independent random binary vectors match, from `trials` draws; `random` is uniform in [0, 1). */
export function simulateBinaryMatches({ n, a, s, theta }: MatchParameters, trials: number, random: () => number): number {
  let matches = 0;
  for (let trial = 0; trial < trials; trial++) if (drawOverlap(n, a, s, random) >= theta) matches++;
  return matches / trials;
}

/**
 * Skewed inputs (section 2.4): the stored vector is one of `distinct` equally likely inputs. Then a random input is the stored
 * one itself with probability 1/distinct, and the error cannot fall below that however large `n` is.
 */
export function simulateSkewedMatches(
  parameters: MatchParameters,
  distinct: number,
  trials: number,
  random: () => number,
): number {
  const { n, a, s, theta } = parameters;
  let matches = 0;
  for (let trial = 0; trial < trials; trial++) {
    const same = random() * distinct < 1;
    if (same ? Math.min(a, s) >= theta : drawOverlap(n, a, s, random) >= theta) matches++;
  }
  return matches / trials;
}

/** Active bits that a random vector of `a` shares with a fixed one of `s`: one hypergeometric draw. */
function drawOverlap(n: number, a: number, s: number, random: () => number): number {
  let overlap = 0;
  for (let drawn = 0; drawn < a; drawn++) if (random() * (n - drawn) < s - overlap) overlap++;
  return overlap;
}

export interface ScalarMatchParameters {
  readonly n: number;
  /** Non-zero components of the input vector. */
  readonly a: number;
  /** Non-zero components of the weight vector, uniform in [-1/k, 1/k]. */
  readonly k: number;
  /** S: the input's components are uniform in S [0, 2/k]. */
  readonly scale: number;
}

/** theta = E[x_w . x_w] / 2 = k (1/k)^2 / 3 / 2 for the uniform weights of section 2.3. */
export function scalarThreshold(k: number): number {
  return 1 / (6 * k);
}

/**
 * Eq. 4: the probability that a sparse weight vector and a sparse input match. The share of each overlap b is exact (Eq. 1); only
 * p_b (Eq. 5), which has no closed form, is simulated, with `trialsPerOverlap` draws, so that small probabilities need no
 * astronomical number of trials.
 */
export function scalarMatchProbability(
  { n, a, k, scale }: ScalarMatchParameters,
  trialsPerOverlap: number,
  random: () => number,
): number {
  const theta = scalarThreshold(k);
  const all = binomial(n, a);
  let probability = 0;
  for (let b = 1; b <= Math.min(a, k); b++) {
    const share = toNumber({ numerator: overlapSetSize(n, k, b, a), denominator: all });
    if (share === 0) continue;
    let matches = 0;
    for (let trial = 0; trial < trialsPerOverlap; trial++) {
      let product = 0;
      for (let i = 0; i < b; i++) product += ((2 * random() - 1) / k) * ((2 * scale * random()) / k);
      if (product >= theta) matches++;
    }
    probability += (share * matches) / trialsPerOverlap;
  }
  return probability;
}
