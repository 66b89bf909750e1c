import type { DecisionSettings } from '../../shared/contract.js';
import { Decision, type ScoredWindow } from './decision.js';

/** The scores of one recording, whatever made them. */
export interface ScoreTrack {
  readonly windows: readonly ScoredWindow[];
  readonly durationMs: number;
}

/** Where words were spoken in a recording; a negative recording has none. */
export interface SpokenWord {
  readonly label: string;
  /** Stream time of the word's middle. */
  readonly timeMs: number;
}

export interface LabelledTrack extends ScoreTrack {
  readonly words: readonly SpokenWord[];
}

/** A detection belongs to a word when the centre of its best window lies within this of the word's middle. */
export const MATCH_TOLERANCE_MS = 750;

/** What one setting of the decision does on all tracks together. */
export interface OperatingPoint {
  readonly threshold: number;
  readonly falseAccepts: number;
  readonly hours: number;
  readonly falseAcceptsPerHour: number;
  /** One-sided 95 % upper bound of the rate (Poisson, exact). */
  readonly upperBoundPerHour: number;
  readonly words: number;
  readonly falseRejects: number;
  readonly falseRejectRate: number;
}

/** A detection that belongs to no word. */
export interface FalseAccept {
  readonly track: number;
  readonly label: string;
  readonly timeMs: number;
  readonly confidence: number;
}

/** Replays the decision with one threshold over all tracks. Words' own thresholds stay in force. */
export function operatingPoint(
  labels: readonly string[],
  tracks: readonly LabelledTrack[],
  settings: DecisionSettings,
  threshold: number,
  hopMs: number,
): OperatingPoint & { readonly accepts: readonly FalseAccept[] } {
  const decision = new Decision(labels, { ...settings, threshold }, hopMs);
  const accepts: FalseAccept[] = [];
  let falseRejects = 0;
  let words = 0;
  let durationMs = 0;
  tracks.forEach((track, index) => {
    decision.reset();
    durationMs += track.durationMs;
    words += track.words.length;
    const missing = new Set(track.words);
    for (const window of track.windows) {
      const { heard } = decision.push(window);
      if (!heard) continue;
      const timeMs = heard.best.centreMs;
      const said = track.words.find((word) => word.label === heard.label && Math.abs(word.timeMs - timeMs) <= MATCH_TOLERANCE_MS);
      // A word heard twice is one word and one false accept.
      if (said && missing.delete(said)) continue;
      accepts.push({ track: index, label: heard.label, timeMs, confidence: heard.confidence });
    }
    falseRejects += missing.size;
  });
  const hours = durationMs / 3_600_000;
  return {
    threshold,
    falseAccepts: accepts.length,
    hours,
    falseAcceptsPerHour: hours > 0 ? accepts.length / hours : 0,
    upperBoundPerHour: hours > 0 ? poissonUpperBound(accepts.length) / hours : Infinity,
    words,
    falseRejects,
    falseRejectRate: words > 0 ? falseRejects / words : 0,
    accepts,
  };
}

/** Thresholds that a calibration tries: fine where softmax scores crowd, near 1. */
export const CALIBRATION_THRESHOLDS: readonly number[] = [
  ...Array.from({ length: 18 }, (_, i) => (i + 1) / 20),
  ...[0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999, 0.9995, 0.9998, 0.9999],
];

export interface Suggestions<P> {
  /** The lowest threshold whose false accepts per hour stay within the wish; null when none does. */
  readonly byFalseAccepts: P | null;
  /** The highest threshold whose false rejects stay within the wish; null when none does. */
  readonly byFalseRejects: P | null;
}

/** @param points in ascending order of the threshold. */
export function suggest<P extends Pick<OperatingPoint, 'falseAcceptsPerHour' | 'falseRejectRate'>>(
  points: readonly P[],
  falseAcceptsPerHour = 0.5,
  falseRejectRate = 0.05,
): Suggestions<P> {
  return {
    byFalseAccepts: points.find((point) => point.falseAcceptsPerHour <= falseAcceptsPerHour) ?? null,
    byFalseRejects: points.findLast((point) => point.falseRejectRate <= falseRejectRate) ?? null,
  };
}

const CONFIDENCE = 0.95;
const BISECTIONS = 100;

/** Exact one-sided 95 % upper bound of a Poisson mean after `count` events: 3.00 after none. */
export function poissonUpperBound(count: number): number {
  let [low, high] = [count, count + 10 + 10 * Math.sqrt(count + 1)];
  for (let i = 0; i < BISECTIONS; i++) {
    const mean = (low + high) / 2;
    if (poissonAtMost(count, mean) > 1 - CONFIDENCE) low = mean;
    else high = mean;
  }
  return (low + high) / 2;
}

/** P(X <= count) of a Poisson variable, in logarithms so that large means do not underflow. */
function poissonAtMost(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= count; i++) {
    logTerm += Math.log(mean / i);
    sum += Math.exp(logTerm);
  }
  return sum;
}
