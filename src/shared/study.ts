import { z } from 'zod';
import type { CalibrationReport } from './calibration.js';
import type { ErrorReport } from './errors.js';
import type { LayerActivity } from './network.js';

/** Studies of robustness: clips judged one by one, and long work in the background. */

const PATH_LENGTH_MAX = 4096;
/** Models compared in one study. */
export const STUDY_MODELS_MAX = 8;
export const RECORDINGS_MAX = 64;

/** A list of labelled clips. */
export const ClipSource = z.discriminatedUnion('kind', [
  /** The clips that ship, in their order. */
  z.strictObject({ kind: z.literal('shipped') }),
  /** A data folder by its path: its test part, or all of a folder of word folders. */
  z.strictObject({ kind: z.literal('folder'), path: z.string().min(1).max(PATH_LENGTH_MAX) }),
]);
export type ClipSource = z.infer<typeof ClipSource>;

/** Clips of a word that counts for no model: none has an output for it. */
export interface UncountedWord {
  readonly word: string;
  readonly clips: number;
}

export interface ClipList {
  /** In the order in which they are judged. */
  readonly clips: readonly { readonly key: string; readonly word: string }[];
}

/** Clips decoded so far of a list that is being opened. */
export interface ClipsOpening {
  readonly done: number;
  readonly total: number;
}

/** What one model makes of one clip's own window. */
export interface ClipJudgement {
  readonly modelId: string;
  readonly labels: readonly string[];
  /** Softmax of the logits. */
  readonly scores: readonly number[];
  /** The output with the highest score. */
  readonly label: string;
  /** Whether that is the clip's word; null where the model has no output of its own for the word, so that the clip does not count. */
  readonly correct: boolean | null;
  readonly layers: readonly LayerActivity[];
}

export interface JudgedClip {
  readonly key: string;
  readonly word: string;
  readonly eta: number;
  /** Of the clip against the noise mixed in; null without noise. */
  readonly snrDb: number | null;
  readonly models: readonly ClipJudgement[];
  /** What the models heard, when asked for: 16-bit WAV, base64. */
  readonly wavBase64?: string;
}

/** The accuracy of one model by noise level. */
export interface NoiseCurve {
  readonly modelId: string;
  /** Clips of words that the model has an output for: only these count. */
  readonly clips: number;
  /** Levels that were finished, in order, and the correct answers at each. */
  readonly eta: readonly number[];
  readonly correct: readonly number[];
  /** Correct answers over all finished levels, and what share of the possible ones that is. */
  readonly score: number;
  readonly maxScore: number;
  readonly mean: number;
}

export interface NoiseScore {
  readonly source: string;
  readonly clips: number;
  /** Names the sound that was judged: SHA-256 over names and samples, for a folder. */
  readonly hash: string | null;
  readonly noise: string;
  readonly seed: number;
  /** Levels that were asked for. */
  readonly etas: readonly number[];
  readonly curves: readonly NoiseCurve[];
  readonly uncounted: readonly UncountedWord[];
  /** Stopped half-way: the curves end early. */
  readonly stopped: boolean;
}

/** Long work in the background; one at a time. */
export interface StudyState {
  /** Counts the studies of this host. */
  readonly number: number;
  readonly kind: 'noiseScore' | 'calibration';
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  /** What it is doing, and how much of that is done. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly perSecond: number;
  /** Null before there is a rate. */
  readonly secondsLeft: number | null;
  /** The newest result, whole once the study has ended. */
  readonly score?: NoiseScore;
  readonly calibration?: CalibrationReport;
  readonly error?: ErrorReport;
}
