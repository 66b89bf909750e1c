import type { Isa } from '../network/native.js';
import type { Effort } from './measure.js';

export interface CpuBenchOptions {
  readonly quick: boolean;
  /** Numbers of threads; 0 is all cores. */
  readonly threads: readonly number[];
  readonly batches: readonly number[];
  /** Only this instruction set; otherwise the best, and at batch 1 on one thread the others that the machine has too. */
  readonly isa?: Isa;
  /** Sparse networks to compare beside the one that ships: ids, names or paths. */
  readonly models?: readonly string[];
  /** A data folder whose test clips are the words; otherwise the clips that ship. */
  readonly data?: string;
  /** Other times than those of quick or thorough. */
  readonly effort?: Effort;
}

export const DEFAULT_THREADS: readonly number[] = [1, 0];
export const DEFAULT_BATCHES: readonly number[] = [1, 8, 64, 256];
