import type { DecisionSettings, SuggestedDecision } from './contract.js';

/** What a calibration tells: plain types, shared by the command line (`winnow calibrate --json`) and the page. */

/** What was listened to: clips of the model's words, of other words, sound without words, and recordings of the user's. */
export const CALIBRATION_SOUNDS = ['words', 'otherWords', 'noise', 'recordings'] as const;
export type CalibrationSound = (typeof CALIBRATION_SOUNDS)[number];

/** What the decision does with one setting. */
export interface CalibrationPoint {
  readonly threshold: number;
  /** Detections where nothing of the kind was said: in other words, in noise and in recordings. */
  readonly falseAccepts: number;
  /** The same by what was listened to. */
  readonly falseAcceptsIn: { readonly otherWords: number; readonly noise: number; readonly recordings: number };
  /** Of the sound that false accepts are counted in. */
  readonly hours: number;
  readonly falseAcceptsPerHour: number;
  /** One-sided 95 % upper bound of the rate (Poisson, exact); null without any such sound. */
  readonly upperBoundPerHour: number | null;
  /** Words spoken, in the list and in labelled recordings, and those of them not heard. */
  readonly words: number;
  readonly falseRejects: number;
  readonly falseRejectRate: number;
  /** Detections in the list of words that are not the word being spoken. */
  readonly wrongWords: number;
  /** Median from a word's middle to its decision; null where no word was heard. */
  readonly delayMs: number | null;
}

/** Sounds of one kind that were listened to. */
export interface ListenedTo {
  readonly sound: CalibrationSound;
  readonly items: number;
  readonly hours: number;
}

/** A setting of the decision that keeps a wish. */
export interface SuggestedPoint {
  readonly decision: SuggestedDecision;
  /** On the sounds that it was chosen on. */
  readonly chosen: CalibrationPoint;
  /** On the sounds that the report is about. */
  readonly point: CalibrationPoint;
}

export interface Suggestion {
  readonly wish: number;
  /** What the setting that comes closest to the wish reaches where it is chosen; null when there was nothing to count it in. */
  readonly closest: number | null;
  /** Null when no setting keeps the wish. */
  readonly found: SuggestedPoint | null;
}

export interface CalibrationReport {
  readonly model: string;
  /** The settings in use, which were replayed with each threshold. */
  readonly decision: DecisionSettings;
  readonly sounds: readonly ListenedTo[];
  /** Ascending thresholds, the rest of the decision as it is in use. */
  readonly points: readonly CalibrationPoint[];
  /** With the settings in use. */
  readonly now: CalibrationPoint;
  /** What the suggestions were chosen on: the validation part where there is one, otherwise `sounds` themselves. */
  readonly chosenOn: { readonly apart: boolean; readonly sounds: readonly ListenedTo[] };
  /** Settings that were tried for the suggestions: thresholds, smoothing and patience. */
  readonly tried: number;
  readonly suggestions: {
    /** Of the settings within so many false accepts per hour the one that misses the fewest words. */
    readonly byFalseAccepts: Suggestion;
    /** Of the settings that miss at most this share of the words the one with the fewest false accepts. */
    readonly byFalseRejects: Suggestion;
  };
  /** Stopped half-way: only a part of the sound was listened to. */
  readonly stopped: boolean;
}
