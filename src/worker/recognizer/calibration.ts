import type { DecisionSettings } from '../../shared/contract.js';
import { Decision, smoothScores, type Heard, type ScoredWindow } from './decision.js';

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

/** A track whose scores are averaged: what settings with the same smoothing share. */
export interface SmoothedTrack extends LabelledTrack {
  readonly smoothed: readonly (readonly number[])[];
}

export function smoothTracks<T extends LabelledTrack>(
  tracks: readonly T[],
  smoothingMs: number,
  hopMs: number,
): (T & SmoothedTrack)[] {
  return tracks.map((track) => ({ ...track, smoothed: smoothScores(track.windows, smoothingMs, hopMs) }));
}

/** A detection belongs to a word when the centre of its best window lies within this of the word's middle. */
export const MATCH_TOLERANCE_MS = 750;

/** What one setting of the decision does on all tracks together. */
export interface OperatingPoint {
  readonly falseAccepts: number;
  readonly hours: number;
  readonly words: number;
  readonly falseRejects: number;
  /** From the middle of each word that was heard to the decision. */
  readonly delaysMs: readonly number[];
  readonly accepts: readonly FalseAccept[];
}

/** A detection that belongs to no word. */
export interface FalseAccept {
  readonly track: number;
  readonly label: string;
  readonly timeMs: number;
  readonly confidence: number;
}

/**
 * Replays the decision over all tracks, each from its start.
 * @param tracks smoothed with the `smoothingMs` of the settings
 */
export function operatingPoint(
  labels: readonly string[],
  tracks: readonly SmoothedTrack[],
  settings: DecisionSettings,
  hopMs: number,
): OperatingPoint {
  const decision = new Decision(labels, settings, hopMs);
  const accepts: FalseAccept[] = [];
  const delaysMs: number[] = [];
  let falseRejects = 0;
  let words = 0;
  let durationMs = 0;
  tracks.forEach((track, index) => {
    decision.reset();
    durationMs += track.durationMs;
    words += track.words.length;
    const missing = new Set(track.words);
    const take = ({ label, best, confidence, firedMs }: Heard): void => {
      const timeMs = best.centreMs;
      const said = track.words.find((word) => word.label === label && Math.abs(word.timeMs - timeMs) <= MATCH_TOLERANCE_MS);
      // A word heard twice is one word and one false accept.
      if (said && missing.delete(said)) delaysMs.push(firedMs - said.timeMs);
      else accepts.push({ track: index, label, timeMs, confidence });
    };
    track.windows.forEach((window, i) => {
      const heard = decision.pushSmoothed(window, track.smoothed[i]!);
      if (heard) take(heard);
    });
    const last = decision.end();
    if (last) take(last);
    falseRejects += missing.size;
  });
  return { falseAccepts: accepts.length, hours: durationMs / 3_600_000, words, falseRejects, delaysMs, accepts };
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
