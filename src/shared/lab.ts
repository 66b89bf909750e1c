import { z } from 'zod';
import type { ErrorReport } from './errors.js';

/** A line of a chart. */
export interface LabLine {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** A published experiment: what the documents report, and what was measured of it here. */
export interface LabExperiment {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly source: string;
  /** Whether it is compared with published values of other data. */
  readonly otherData: boolean;
  readonly units: readonly string[];
  /** Units times seeds, and how many of them have a result. */
  readonly runs: number;
  readonly done: number;
  /** The table of the report, its header first: ours and published side by side. */
  readonly table: readonly (readonly string[])[];
  readonly curves: readonly {
    readonly key: string;
    readonly title: string;
    readonly x: string;
    readonly y: string;
    readonly logarithmic: boolean;
    readonly lines: readonly LabLine[];
    readonly published: readonly LabLine[];
  }[];
}

/** What a merge of result files has to tell: nothing is lost or averaged silently. */
export interface MergeNote {
  readonly kind: 'cut-line' | 'bad-line' | 'repeated' | 'shared-runs' | 'code-versions' | 'data-hashes';
  /** Whose results it is about, where that is known. */
  readonly experiment?: string;
  readonly text: string;
}

/** The experiment that runs, or the last one. */
export interface LabRun {
  readonly state: 'none' | 'running' | 'done' | 'stopped' | 'failed';
  readonly experiment: string;
  /** The unit under way and its seed. */
  readonly unit: string;
  readonly seed: number;
  /** Of this run's units: finished, and all. */
  readonly finished: number;
  readonly total: number;
  /** Of the unit under way, 0 to 1, and what is going on. */
  readonly fraction: number;
  readonly text: string;
  /** The unit's curve so far: accuracy by epoch. */
  readonly live: { readonly x: readonly number[]; readonly y: readonly number[] };
  readonly problem: ErrorReport | null;
}

export const NO_LAB_RUN: LabRun = {
  state: 'none',
  experiment: '',
  unit: '',
  seed: 0,
  finished: 0,
  total: 0,
  fraction: 0,
  text: '',
  live: { x: [], y: [] },
  problem: null,
};

export const LabStart = z.strictObject({
  experiment: z.string().max(64),
  /** One unit, or all of them. */
  unit: z.string().max(64).optional(),
});
export type LabStart = z.infer<typeof LabStart>;

/** Largest dimension of the theory's sliders. */
export const MATCH_N_MAX = 2048;

export const MatchQuestion = z.strictObject({
  n: z.int().min(1).max(MATCH_N_MAX),
  a: z.int().min(0).max(MATCH_N_MAX),
  s: z.int().min(0).max(MATCH_N_MAX),
  theta: z.int().min(0).max(MATCH_N_MAX),
});
export type MatchQuestion = z.infer<typeof MatchQuestion>;

/** Exact (Eq. 3) at the asked n, and over n at the same number of active bits. */
export interface MatchAnswer {
  readonly probability: number;
  /** Base-10 logarithm over n; points where it is impossible are left out. */
  readonly over: { readonly n: readonly number[]; readonly log10: readonly number[] };
}
