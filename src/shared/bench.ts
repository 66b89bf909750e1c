import type { ErrorReport } from './errors.js';

/** The machine that a benchmark ran on, and what it can do at most, measured by the benchmark itself. */
export interface BenchMachine {
  readonly event: 'machine';
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly winnow: string;
  /** Name and version; null where it does not run. */
  readonly onnxRuntime: string | null;
  /** Best first. */
  readonly isas: readonly string[];
  /** Of the last minute when the benchmark began: above 0 something else was running. */
  readonly loadAverage: number;
  /** Whether the system's energy counters can be read. */
  readonly energy: boolean;
  readonly peaks: readonly BenchPeak[];
  /** What the words are: the clips whose windows every row ran. */
  readonly clips: string;
}

/** What one instruction set reaches on so many threads, all together. */
export interface BenchPeak {
  readonly isa: string;
  readonly threads: number;
  readonly multiplyAddsPerSecond: number;
  /** Of 8-bit integers; null where the instruction set has nothing for them. */
  readonly multiplyAdds8PerSecond: number | null;
  /** Reading so many bytes over and over; ascending: the caches one after another, then memory. */
  readonly reads: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
}

export const BENCH_ENGINES = ['onnxruntime', 'winnow'] as const;
export type BenchEngine = (typeof BENCH_ENGINES)[number];

/** One engine running one network in one way. Times are of the wall clock, per word (one window). */
export interface BenchRow {
  readonly engine: BenchEngine;
  readonly preset: string;
  readonly dtype: 'fp32' | 'int8';
  /** The instruction set; ONNX Runtime chooses its own: `auto`. */
  readonly isa: string;
  readonly threads: number;
  readonly batch: number;
  /** Every word is the next step of a stream and may reuse what the step before computed. */
  readonly streaming: boolean;
  readonly usP50: number;
  readonly usP99: number;
  readonly wordsPerS: number;
  /** Products done per word, mean over the clips. */
  readonly multiplies: number;
  /** Of the known words among the clips, argmax over all outputs. */
  readonly accuracy: number;
  /** Largest difference of a logit from the reference forward pass of the same model in float32. */
  readonly maxAbsDiff: number;
  /** How many times faster than this engine with the dense network at the same threads and batch, by the medians; null without it. */
  readonly ratioToOrtFp32: number | null;
  readonly ratioToOrtInt8: number | null;
  /** The same difference relative to the largest logit of its window. */
  readonly maxRelDiff: number;
  /** Weights, indices and values that a word must at least move, computed from how they are stored (see `bytes-touched.ts`). */
  readonly bytesTouched: number;
  /**
   * Processor time of the whole process per word: what other programs take away is not in it, what threads spend waiting,
   * turning, is.
   */
  readonly cpuUs: number;
  /** Calls that were timed. */
  readonly calls: number;
  /** Null where the system has no energy counters: of the whole processor package while the row ran. */
  readonly wordsPerJoule: number | null;
}

/** One layer of one of our networks, at batch 1 on one thread: how close it is to what the machine can do. */
export interface BenchLayer {
  readonly event: 'layer';
  readonly preset: string;
  readonly dtype: 'fp32' | 'int8';
  readonly isa: string;
  readonly layer: string;
  /** Median. */
  readonly us: number;
  readonly multiplies: number;
  readonly denseMultiplies: number;
  readonly bytesTouched: number;
  /** Multiplies per second as a fraction of the machine's peak of the same kind. */
  readonly ofPeakMultiplies: number | null;
  /** Bytes touched per second as a fraction of reading from the second cache. */
  readonly ofCacheBandwidth: number | null;
}

/** Words per second published for other hardware: no measurement of this program. */
export interface PublishedSpeed {
  readonly event: 'published';
  readonly hardware: string;
  readonly network: string;
  readonly wordsPerS: number;
  readonly source: string;
}

export interface BenchProgress {
  readonly event: 'progress';
  readonly done: number;
  readonly total: number;
  readonly what: string;
}

/** What a benchmark tells while it runs. A row has no `event`. */
export type BenchEvent = BenchMachine | BenchRow | BenchLayer | PublishedSpeed | BenchProgress;

/** A benchmark as the page shows it, finished or under way. */
export interface BenchReport {
  readonly state: 'none' | 'running' | 'done' | 'stopped' | 'failed';
  readonly quick: boolean;
  /** When it began, milliseconds since 1970; 0 where there is none. */
  readonly startedMs: number;
  /** Whether the program listened while it ran: the figures are worse for it. */
  readonly listened: boolean;
  readonly progress: Omit<BenchProgress, 'event'> | null;
  readonly machine: BenchMachine | null;
  readonly rows: readonly BenchRow[];
  readonly layers: readonly BenchLayer[];
  readonly published: readonly PublishedSpeed[];
  readonly problem: ErrorReport | null;
}
