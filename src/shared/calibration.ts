import type { DecisionSettings } from './contract.js';

/** What a calibration tells: plain types, shared by the command line (`winnow calibrate --json`) and the page. */

/** What was listened to: clips of the model's words, of other words, sound without words, and recordings of the user's. */
export const CALIBRATION_SOUNDS = ['words', 'otherWords', 'noise', 'recordings'] as const;
export type CalibrationSound = (typeof CALIBRATION_SOUNDS)[number];

/** What the decision does with one threshold, everything else as in the settings. */
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
}

export interface CalibrationReport {
  readonly model: string;
  /** The settings that were replayed; their threshold is the one in use. */
  readonly decision: DecisionSettings;
  readonly sounds: readonly { readonly sound: CalibrationSound; readonly items: number; readonly hours: number }[];
  /** Ascending thresholds. */
  readonly points: readonly CalibrationPoint[];
  /** With the threshold in use. */
  readonly now: CalibrationPoint;
  readonly suggestions: {
    /** The lowest threshold that keeps the false accepts per hour within `wish`; null when none does, or nothing was counted. */
    readonly byFalseAccepts: { readonly wish: number; readonly point: CalibrationPoint | null };
    /** The highest threshold that keeps the share of false rejects within `wish`; null when none does, or nothing was said. */
    readonly byFalseRejects: { readonly wish: number; readonly point: CalibrationPoint | null };
  };
  /** Stopped half-way: only a part of the sound was listened to. */
  readonly stopped: boolean;
}
