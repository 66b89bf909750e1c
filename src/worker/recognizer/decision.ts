import type { DecisionSettings } from '../../shared/contract.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../network/model.js';

/** A word that passes is not given at once while its average still rises by more than this from window to window, */
const RISE_MIN = 0.01;
/** but after this time at the latest: then the middle of the word can be told. */
const HOLD_MS = 256;
/** Windows that score nearly as high as the best one are as good: their middle is the word's. */
const NEARLY_BEST = 0.9;

/** What the network made of one window of the stream. */
export interface ScoredWindow {
  /** Stream time of the window's centre and end. */
  readonly centreMs: number;
  readonly endMs: number;
  /** Softmax of the logits, in order of the labels. */
  readonly scores: readonly number[];
}

/** A word was heard. */
export interface Heard {
  readonly label: string;
  /** The word's score in the best window; at least the threshold. */
  readonly confidence: number;
  /**
   * Of the windows that the decision rests on, the middle one of those around the word's highest score that score nearly as high:
   * a network is often sure of a word long before it has reached the middle of the window.
   */
  readonly best: ScoredWindow;
  /** Stream time of the decision: the end of the newest window. */
  readonly firedMs: number;
}

export interface Decided {
  /** The scores after smoothing, in order of the labels. */
  readonly smoothed: readonly number[];
  readonly heard: Heard | undefined;
}

/**
 * Turns a stream of scores into words heard. Each output's score is averaged over the last `smoothingMs`; a word passes when the
 * newest average and at least `patience` of the last `patienceOf` averages reach the word's threshold, no word fired within
 * `refractoryMs`, and the word's average has been below its threshold since it last fired (one utterance, one detection).
 * A word that passes fires as soon as its average rises no more, 256 ms later at the latest; of several the one with the highest
 * average. `_silence_` and `_unknown_` never fire.
 *
 * A pure function of the windows pushed since the last `reset`: the same windows give the same words at any speed.
 */
export class Decision {
  private settings!: DecisionSettings;
  /** Windows that are averaged, and how many smoothing and patience can look back upon. */
  private width = 1;
  private lookBack = 1;
  /** Outputs that may fire, with their thresholds. */
  private candidates: readonly { readonly index: number; readonly threshold: number }[] = [];
  /** Newest last. */
  private windows: ScoredWindow[] = [];
  private averages: (readonly number[])[] = [];
  private lastFiredMs = -Infinity;
  private readonly spent: boolean[];
  private seen = 0;
  /** The word that has passed and not fired yet. */
  private held: { readonly index: number; readonly average: number; readonly sinceMs: number } | undefined;

  /** @param hopMs stream time between one window and the next. */
  constructor(
    private readonly labels: readonly string[],
    settings: DecisionSettings,
    private readonly hopMs: number,
  ) {
    this.spent = labels.map(() => false);
    this.configure(settings);
  }

  /** Takes effect with the next window; what was heard so far still counts. */
  configure(settings: DecisionSettings): void {
    const { smoothingMs, patienceOf, off } = settings;
    this.settings = settings;
    this.width = smoothingWidth(smoothingMs, this.hopMs);
    this.lookBack = this.width + patienceOf - 1 + Math.ceil(HOLD_MS / this.hopMs);
    this.candidates = this.labels.flatMap((label, index) => {
      const fires = label !== SILENCE_LABEL && label !== UNKNOWN_LABEL && !off?.includes(label);
      return fires ? [{ index, threshold: this.threshold(label) }] : [];
    });
  }

  /** Forgets everything, for another stream or after a hole in this one. */
  reset(): void {
    this.windows = [];
    this.averages = [];
    this.lastFiredMs = -Infinity;
    this.spent.fill(false);
    this.seen = 0;
    this.held = undefined;
  }

  push(window: ScoredWindow): Decided {
    this.remember(window);
    const smoothed = average(this.windows, this.windows.length, this.width, this.labels.length);
    return { smoothed, heard: this.decide(window, smoothed) };
  }

  /**
   * The same for whoever has smoothed already: replaying many settings over the same scores averages them once.
   * @param smoothed of this window, by `smoothScores` with the `smoothingMs` of the settings
   */
  pushSmoothed(window: ScoredWindow, smoothed: readonly number[]): Heard | undefined {
    this.remember(window);
    return this.decide(window, smoothed);
  }

  private remember(window: ScoredWindow): void {
    this.windows.push(window);
    while (this.windows.length > this.lookBack) this.windows.shift();
    this.seen++;
  }

  private decide(window: ScoredWindow, smoothed: readonly number[]): Heard | undefined {
    const before = this.averages.at(-1);
    this.averages.push(smoothed);
    while (this.averages.length > this.settings.patienceOf) this.averages.shift();

    const passing = this.passing(smoothed, window.endMs);
    if (passing >= 0 && (!this.held || smoothed[passing]! > this.held.average)) {
      this.held = { index: passing, average: smoothed[passing]!, sinceMs: this.held?.sinceMs ?? window.endMs };
    }
    if (!this.held) return undefined;
    const { index, sinceMs } = this.held;
    const rise = smoothed[index]! - (before?.[index] ?? 0);
    // Before the average has its full width it is no guide to where the word is: only its fall is.
    const settled = this.seen >= this.width ? rise <= RISE_MIN : rise < -RISE_MIN;
    if (!settled && window.endMs - sinceMs < HOLD_MS) return undefined;
    return this.fire(index, window.endMs);
  }

  /** The stream has ended: a word that has passed fires now. */
  end(): Heard | undefined {
    const newest = this.windows.at(-1);
    return this.held && newest ? this.fire(this.held.index, newest.endMs) : undefined;
  }

  /** The word that passes with the highest average, or -1. */
  private passing(smoothed: readonly number[], nowMs: number): number {
    const { patience, patienceOf, refractoryMs } = this.settings;
    let chosen = -1;
    for (const { index, threshold } of this.candidates) {
      if (smoothed[index]! < threshold) {
        this.spent[index] = false;
        continue;
      }
      if (this.spent[index] || nowMs - this.lastFiredMs < refractoryMs) continue;
      const passes = this.averages.filter((scores) => scores[index]! >= threshold).length;
      if (passes < Math.min(patience, patienceOf)) continue;
      if (chosen < 0 || smoothed[index]! > smoothed[chosen]!) chosen = index;
    }
    return chosen;
  }

  private fire(index: number, firedMs: number): Heard {
    this.held = undefined;
    this.lastFiredMs = firedMs;
    this.spent[index] = true;
    const best = this.best(index);
    return { label: this.labels[index]!, confidence: best.scores[index]!, best, firedMs };
  }

  private best(index: number): ScoredWindow {
    const scores = this.windows.map((window) => window.scores[index]!);
    const top = scores.reduce((best, score, at) => (score > scores[best]! ? at : best), 0);
    // The threshold may have been raised while the word was held.
    const least = Math.min(scores[top]!, Math.max(NEARLY_BEST * scores[top]!, this.threshold(this.labels[index]!)));
    let first = top;
    while (first > 0 && scores[first - 1]! >= least) first--;
    let last = top;
    while (last < scores.length - 1 && scores[last + 1]! >= least) last++;
    return this.windows[(first + last) >> 1]!;
  }

  private threshold(label: string): number {
    const { thresholds, threshold } = this.settings;
    return Object.hasOwn(thresholds, label) ? thresholds[label]! : threshold;
  }
}

/** Windows that a moving average of `smoothingMs` spans. */
function smoothingWidth(smoothingMs: number, hopMs: number): number {
  return Math.max(1, Math.round(smoothingMs / hopMs));
}

/** The scores of a whole recording after smoothing, window by window, as a decision that hears it from its start averages them. */
export function smoothScores(
  windows: readonly ScoredWindow[],
  smoothingMs: number,
  hopMs: number,
): readonly (readonly number[])[] {
  const width = smoothingWidth(smoothingMs, hopMs);
  const outputs = windows[0]?.scores.length ?? 0;
  return windows.map((_, newest) => average(windows, newest + 1, width, outputs));
}

/** Of the `width` windows before `end`, or of all where there are fewer. */
function average(windows: readonly ScoredWindow[], end: number, width: number, outputs: number): number[] {
  const first = Math.max(0, end - width);
  const sums = new Array<number>(outputs).fill(0);
  for (let at = first; at < end; at++) {
    const { scores } = windows[at]!;
    for (let i = 0; i < outputs; i++) sums[i]! += scores[i]!;
  }
  for (let i = 0; i < outputs; i++) sums[i]! /= end - first;
  return sums;
}

/** Probabilities from one window's logits; finite for any finite input. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
