/** What a page needs to know of teaching words: recordings, training settings and what a training came to. Plain types. */
import type { ErrorReport } from './errors.js';

export type TakeProblemName = 'silent' | 'no-speech' | 'too-quiet' | 'clipped' | 'too-long' | 'unreadable' | 'duplicate';

/** One recording of the user's. */
export interface TakeSummary {
  readonly word: string;
  /** Its file's name without the ending. */
  readonly id: string;
  readonly seconds: number;
  /** Of the word, dB relative to full scale; null in digital silence. */
  readonly levelDb: number | null;
  readonly problems: readonly TakeProblemName[];
  readonly source: 'microphone' | 'file' | 'detection';
  readonly addedMs: number;
}

export interface TakeWord {
  readonly word: string;
  /** Oldest first. */
  readonly takes: readonly TakeSummary[];
}

export interface TakeListing {
  /** Where the files lie. */
  readonly folder: string;
  /** By name. */
  readonly words: readonly TakeWord[];
  /** Sound of the room, without words. */
  readonly background: { readonly takes: readonly TakeSummary[]; readonly seconds: number; readonly secondsWanted: number };
}

/** One kind of layer's state of use: how evenly its units win. */
export interface LayerUse {
  readonly name: string;
  /** Of the duty cycles, in bits, and the most that the layer could have. */
  readonly entropy: number;
  readonly maximum: number;
  /** Units by duty cycle: ten classes of equal width from 0 to `widest`. */
  readonly histogram: readonly number[];
  readonly widest: number;
}

export interface FinetuneEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  /** On windows that are not trained on: old words and, unchanged, the takes. */
  readonly validationAccuracy: number;
  readonly layers: readonly LayerUse[];
  readonly seconds: number;
}

export type FinetuneEvent =
  | { readonly event: 'phase'; readonly phase: FinetunePhase; readonly done: number; readonly total: number }
  | { readonly event: 'resumed'; readonly epoch: number }
  | {
      readonly event: 'progress';
      readonly epoch: number;
      readonly epochs: number;
      readonly done: number;
      readonly total: number;
      readonly loss: number;
      readonly secondsLeft: number;
    }
  | ({ readonly event: 'epoch' } & FinetuneEpoch);
export type FinetunePhase = 'listing' | 'decoding' | 'augmenting' | 'judging';

/** How one new word fares; fractions between 0 and 1, null where there is nothing to tell it by. */
export interface NewWordFigures {
  readonly word: string;
  /** Of the held-out takes, those heard as the word. */
  readonly recall: number | null;
  readonly heldOut: number;
  /** Of all other clips of the old test list, those heard as the word; without `--data` of the shipped clips. */
  readonly falseAccepts: number | null;
  /** The same list without anything above 4 kHz. */
  readonly falseAcceptsBandLimited: number | null;
  /** Of the same people's other words (held-out takes of those, taught or not). */
  readonly falseAcceptsOtherWords: number | null;
}

/** A clip that is heard otherwise than before. */
export interface FlippedClip {
  /** Absolute path of its file. */
  readonly path: string;
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** Whether the change was for the better. */
  readonly better: boolean;
}

export interface Confusion {
  readonly labels: readonly string[];
  /** `[true][heard]`. */
  readonly counts: readonly (readonly number[])[];
}

export interface NoiseCurve {
  readonly eta: readonly number[];
  readonly accuracy: readonly number[];
}

/** What a fine-tuning came to. */
export interface FinetuneReport {
  readonly newWords: readonly NewWordFigures[];
  /** What the old list is: the test part of the data, or the clips that ship. */
  readonly oldList: 'data' | 'shipped';
  readonly oldClips: number;
  readonly oldAccuracyBefore: number | null;
  readonly oldAccuracyAfter: number | null;
  /** Of clips of words that the network is not to know, those heard as unknown. */
  readonly unknownBefore: number | null;
  readonly unknownAfter: number | null;
  readonly confusionBefore: Confusion;
  readonly confusionAfter: Confusion;
  readonly flipped: readonly FlippedClip[];
  /** All of them; the list above is cut. */
  readonly flippedBetter: number;
  readonly flippedWorse: number;
  readonly noiseBefore: NoiseCurve;
  readonly noiseAfter: NoiseCurve;
  /** Clips that the noise curves were taken from. */
  readonly noiseClips: number;
  /** Of the layers with winners, after training. */
  readonly entropy: readonly LayerUse[];
  /** From the start until the new model could be used, and after that until it was judged. */
  readonly seconds: number;
  readonly judgingSeconds: number;
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
}

/** The training of the Teach screen, as it stands. */
export interface TeachState {
  /** `trained`: a new model waits to be accepted or thrown away. */
  readonly state: 'idle' | 'running' | 'paused' | 'trained' | 'failed';
  /** The model that was started from. */
  readonly model: string | null;
  /** What it is doing, while it runs. */
  readonly now: FinetuneEvent | null;
  readonly epochs: readonly FinetuneEpoch[];
  readonly report: FinetuneReport | null;
  readonly error: ErrorReport | null;
}
