import { Random } from '../../training/random.js';
import { matchProbability, scalarMatchProbability, simulateBinaryMatches, toNumber } from '../match-theory.js';
import type { Curve } from '../results.js';
import type { TheoryTask } from '../task.js';
import type { UnitOutcome } from './outcome.js';

/** Figure 2: a stored vector of 24 active bits, matched by 12. */
const STORED = { s: 24, theta: 12 };
const BINARY_N = [300, 500, 700, 900, 1100, 1300, 1500];
const BINARY_TRIALS = 20_000;
/** Figure 3: weights of 32 non-zeros. */
const SCALAR_K = 32;
const SCALAR_N = [250, 500, 1000, 1500, 2000, 2500];
const SCALE_N = 1000;
const SCALES = [1, 1.5, 2, 2.5, 3, 3.5, 4];
const TRIALS_PER_OVERLAP = 20_000;

/** One line of Figure 2 (exact, and simulated beside it) or of Figure 3 (Eq. 4 with simulated p_b). */
export function runTheory(task: TheoryTask, seed: number): UnitOutcome {
  const generator = new Random(seed);
  const random = () => generator.next();
  // No more than n: the published line of a = 256 begins at n = 250.
  const active = (n: number) => Math.min(task.a ?? n / 2, n);
  const curves = lines(task, active, random);
  const first = Object.values(curves)[0]!;
  return { spec: task, dataHash: 'none', metrics: { probability: first.y[0]! }, curves };
}

function lines(task: TheoryTask, active: (n: number) => number, random: () => number): Record<string, Curve> {
  if (task.figure === 'binary') {
    const at = (n: number) => ({ n, a: active(n), ...STORED });
    return {
      binary: { x: BINARY_N, y: BINARY_N.map((n) => toNumber(matchProbability(at(n)))) },
      binarySimulated: { x: BINARY_N, y: BINARY_N.map((n) => simulateBinaryMatches(at(n), BINARY_TRIALS, random)) },
    };
  }
  const scalar = (n: number, scale: number) =>
    scalarMatchProbability({ n, a: active(n), k: SCALAR_K, scale }, TRIALS_PER_OVERLAP, random);
  return task.figure === 'scalar'
    ? { scalar: { x: SCALAR_N, y: SCALAR_N.map((n) => scalar(n, 1)) } }
    : { scale: { x: SCALES, y: SCALES.map((scale) => scalar(SCALE_N, scale)) } };
}
