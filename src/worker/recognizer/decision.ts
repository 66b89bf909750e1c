import type { DecisionSettings } from '../../shared/contract.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../network/model.js';

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
  /** Among the windows that the decision rests on, the one with the word's highest score. */
  readonly best: ScoredWindow;
  /** Stream time of the decision: the end of the newest window. */
  readonly firedMs: number;
}

export interface Decided {
  /** The scores after smoothing, in order of the labels. */
  readonly smoothed: readonly number[];
  readonly heard?: Heard;
}

/**
 * Turns a stream of scores into words heard. Each output's score is averaged over the last `smoothingMs`; a word fires when the
 * newest average and at least `patience` of the last `patienceOf` averages reach the word's threshold, no word fired within
 * `refractoryMs`, and the word's average has been below its threshold since it last fired (one utterance, one detection).
 * Of several such words the one with the highest average fires. `_silence_` and `_unknown_` never fire.
 *
 * A pure function of the windows pushed since the last `reset`: the same windows give the same words at any speed.
 */
export class Decision {
  private settings: DecisionSettings;
  /** Newest last; as many as smoothing and patience can look back upon. */
  private windows: ScoredWindow[] = [];
  private averages: number[][] = [];
  private lastFiredMs = -Infinity;
  private readonly spent: boolean[];

  /** @param hopMs stream time between one window and the next. */
  constructor(
    private readonly labels: readonly string[],
    settings: DecisionSettings,
    private readonly hopMs: number,
  ) {
    this.settings = settings;
    this.spent = labels.map(() => false);
  }

  /** Takes effect with the next window; what was heard so far still counts. */
  configure(settings: DecisionSettings): void {
    this.settings = settings;
  }

  /** Forgets everything, for another stream or after a hole in this one. */
  reset(): void {
    this.windows = [];
    this.averages = [];
    this.lastFiredMs = -Infinity;
    this.spent.fill(false);
  }

  push(window: ScoredWindow): Decided {
    const { patience, patienceOf, refractoryMs } = this.settings;
    const width = Math.max(1, Math.round(this.settings.smoothingMs / this.hopMs));
    const lookBack = width + patienceOf - 1;
    this.windows.push(window);
    this.windows = this.windows.slice(-lookBack);
    const smoothed = average(this.windows.slice(-width), this.labels.length);
    this.averages.push(smoothed);
    this.averages = this.averages.slice(-patienceOf);

    let chosen = -1;
    for (const [index, label] of this.labels.entries()) {
      if (label === SILENCE_LABEL || label === UNKNOWN_LABEL) continue;
      const threshold = this.threshold(label);
      const now = smoothed[index]!;
      if (now < threshold) {
        this.spent[index] = false;
        continue;
      }
      if (this.spent[index]) continue;
      const passes = this.averages.filter((scores) => scores[index]! >= threshold).length;
      if (passes < Math.min(patience, patienceOf)) continue;
      if (chosen < 0 || now > smoothed[chosen]!) chosen = index;
    }
    if (chosen < 0 || window.endMs - this.lastFiredMs < refractoryMs) return { smoothed };

    this.lastFiredMs = window.endMs;
    this.spent[chosen] = true;
    const best = this.windows.reduce((a, b) => (b.scores[chosen]! > a.scores[chosen]! ? b : a));
    const heard = { label: this.labels[chosen]!, confidence: best.scores[chosen]!, best, firedMs: window.endMs };
    return { smoothed, heard };
  }

  private threshold(label: string): number {
    const { thresholds, threshold } = this.settings;
    return Object.hasOwn(thresholds, label) ? thresholds[label]! : threshold;
  }
}

function average(windows: readonly ScoredWindow[], outputs: number): number[] {
  const sums = new Array<number>(outputs).fill(0);
  for (const { scores } of windows) for (let i = 0; i < outputs; i++) sums[i]! += scores[i]!;
  return sums.map((sum) => sum / windows.length);
}

/** Probabilities from one window's logits; finite for any finite input. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
