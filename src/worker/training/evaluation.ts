import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NoiseSettings } from '../../shared/contract.js';
import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { blend, clipNoise } from '../audio/noise.js';
import type { BatchExtractor } from '../features/batch.js';
import { finishWindows } from '../features/window.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../network/model.js';
import type { ClipStore } from './clip-store.js';
import { classOf, isWord } from './dataset.js';
import { addNoise } from './augmentation.js';
import { rms, type NoiseRecordings } from './noise-recordings.js';
import { samplesPerWindow } from './premade-epochs.js';
import { deriveSeed, Random } from './random.js';

/** The published noise levels: eta 0 to 0.5 in steps of 0.05. */
export const NOISE_ETAS: readonly number[] = Array.from({ length: 11 }, (_, i) => (5 * i) / 100);
/** Windows made and scored at a time. */
const BATCH_WINDOWS = 256;

/** One window to be judged. */
export interface EvaluationItem {
  /** Names the noise that is mixed in, the same wherever the clip lies: `word/file name without ending`. */
  readonly key: string;
  /** Class among the model's outputs. */
  readonly target: number;
  /** Writes the sound, 16,000 samples. */
  readonly sound: (out: Float32Array) => void;
}

/** The clips of a store that a model has an output for, in their order. */
export function clipItems(clips: ClipStore, labels: readonly string[]): EvaluationItem[] {
  return clips.clips.flatMap((clip, i) => {
    const target = classOf(clip.word, labels);
    const name = clip.path.split('/').at(-1)!;
    const key = `${clip.word}/${name.replace(/\.[^.]*$/, '')}`;
    return target < 0 ? [] : [{ key, target, sound: (out: Float32Array) => clips.read(i, out) }];
  });
}

/** Silence as it is met in use: every whole second of the background recordings. */
export function silenceItems(noise: NoiseRecordings, labels: readonly string[]): EvaluationItem[] {
  const target = labels.indexOf(SILENCE_LABEL);
  if (target < 0) return [];
  return noise.consecutive(CLIP_SAMPLES).map((stretch, i) => ({
    key: `${SILENCE_LABEL}/${i}`,
    target,
    sound: (out: Float32Array) => out.set(stretch),
  }));
}

/** Noise that is mixed into clips; `recording` as of `noiseRecording`, for a recorded kind. */
export interface MixedNoise {
  readonly kind: NoiseSettings['kind'];
  readonly recording?: Float32Array;
}

/** The published noise. */
const WHITE: MixedNoise = { kind: 'white' };

/** The sound of some items at one noise level. A clip lies between margins of zeros; noise covers the margins too. */
export function evaluationSound(
  items: readonly EvaluationItem[],
  eta: number,
  seed: number,
  spec: FeatureSpec,
  noise: MixedNoise = WHITE,
): Float32Array {
  const length = samplesPerWindow(spec);
  const margin = length === CLIP_SAMPLES ? 0 : CLIP_MARGIN_SAMPLES;
  const samples = new Float32Array(items.length * length);
  items.forEach((item, i) => {
    const window = samples.subarray(i * length, (i + 1) * length);
    item.sound(window.subarray(margin, margin + CLIP_SAMPLES));
    if (eta > 0) window.set(blend(window, clipNoise(noise.kind, seed, item.key, eta, length, noise.recording), eta));
  });
  return samples;
}

/**
 * The network's input for some items at one noise level.
 * @returns `[item][band][frame]`
 */
export function evaluationWindows(
  items: readonly EvaluationItem[],
  eta: number,
  seed: number,
  spec: FeatureSpec,
  extractor: BatchExtractor,
  noise: MixedNoise = WHITE,
): Float32Array {
  const samples = evaluationSound(items, eta, seed, spec, noise);
  const length = samples.length / Math.max(1, items.length);
  return finishWindows(spec, extractor.extract(samples, items.length, length));
}

/** Background recordings in which words are to be heard. */
export interface Background {
  readonly recordings: NoiseRecordings;
  /** Signal-to-noise ratio in dB; the rms of both is taken over the whole clip. */
  readonly snrDb: number;
}

/**
 * The network's input for some items amid background recordings, a stretch drawn for each by its key.
 * @returns `[item][band][frame]`
 */
function backgroundWindows(
  items: readonly EvaluationItem[],
  { recordings, snrDb }: Background,
  seed: number,
  spec: FeatureSpec,
  extractor: BatchExtractor,
): Float32Array {
  const samples = evaluationSound(items, 0, seed, spec);
  const length = samples.length / Math.max(1, items.length);
  const margin = (length - CLIP_SAMPLES) / 2;
  const noise = new Float32Array(length);
  items.forEach((item, i) => {
    const window = samples.subarray(i * length, (i + 1) * length);
    recordings.stretch(new Random(deriveSeed(seed, 'background', item.key)), length, noise);
    addNoise(window, rms(window.subarray(margin, margin + CLIP_SAMPLES)), noise, snrDb);
  });
  return finishWindows(spec, extractor.extract(samples, items.length, length));
}

/** Index of the largest of each row; of equal ones the first. */
export function argmaxRows(logits: Float32Array, classes: number): Int32Array {
  const best = new Int32Array(logits.length / classes);
  for (let row = 0; row < best.length; row++) {
    let at = 0;
    for (let i = 1; i < classes; i++) if (logits[row * classes + i]! > logits[row * classes + at]!) at = i;
    best[row] = at;
  }
  return best;
}

/** What `winnow evaluate --json` prints, less the names of model, data and split. All fractions lie between 0 and 1. */
export interface Evaluation {
  /** Clips of known words. */
  readonly n: number;
  /** Of the known words, argmax over all outputs; null without any. */
  readonly accuracy: number | null;
  /** Of the known words; `score` correct answers over all levels, `maxScore` possible ones, `mean` their ratio. Null unless asked for. */
  readonly noise: {
    readonly eta: readonly number[];
    readonly accuracy: readonly number[];
    readonly score: number;
    readonly maxScore: number;
    readonly mean: number;
  } | null;
  /** Of the known words amid background recordings; null unless asked for. */
  readonly background: { readonly snrDb: number; readonly accuracy: number } | null;
  /** Of the clips of other words, those heard as unknown; null without any. */
  readonly unknownAccuracy: number | null;
  /** Of the seconds of background sound, those heard as silence; null without any. */
  readonly silenceAccuracy: number | null;
  /** Clean; `counts[true][predicted]`. */
  readonly confusion: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
}

export interface EvaluationInput {
  readonly labels: readonly string[];
  readonly features: FeatureSpec;
  readonly items: readonly EvaluationItem[];
  readonly extractor: BatchExtractor;
  /** `[window][class]` of some windows. */
  readonly logits: (windows: Float32Array, count: number) => Promise<Float32Array> | Float32Array;
  /** Noise levels above 0 to sweep, for the known words. */
  readonly etas: readonly number[];
  /** Also judge the known words amid these. */
  readonly background?: Background;
  /** Of the noise. */
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Scores a network on items: clean on all of them, and at each noise level on the known words. */
export async function evaluate(input: EvaluationInput): Promise<Evaluation> {
  const { labels, items, etas, background } = input;
  const words = items.filter((item) => isWord(labels[item.target]!));
  const levels = etas.filter((eta) => eta > 0);
  const total = items.length + (levels.length + Number(background !== undefined)) * words.length;
  let done = 0;

  const predictions = async (some: readonly EvaluationItem[], eta: number, amid?: Background): Promise<Int32Array> => {
    const predicted = new Int32Array(some.length);
    for (let at = 0; at < some.length; at += BATCH_WINDOWS) {
      const batch = some.slice(at, at + BATCH_WINDOWS);
      const windows = amid
        ? backgroundWindows(batch, amid, input.seed, input.features, input.extractor)
        : evaluationWindows(batch, eta, input.seed, input.features, input.extractor);
      predicted.set(argmaxRows(await input.logits(windows, batch.length), labels.length), at);
      done += batch.length;
      input.onProgress?.(done, total);
      await nextTurn();
    }
    return predicted;
  };
  const correctOf = (some: readonly EvaluationItem[], predicted: Int32Array): number =>
    some.reduce((sum, item, i) => sum + Number(predicted[i] === item.target), 0);

  const counts = labels.map(() => labels.map(() => 0));
  const clean = await predictions(items, 0);
  items.forEach((item, i) => counts[item.target]![clean[i]!]!++);
  const recall = (wanted: (label: string) => boolean): number | null => {
    let right = 0;
    let all = 0;
    labels.forEach((label, target) => {
      if (!wanted(label)) return;
      right += counts[target]![target]!;
      all += counts[target]!.reduce((sum, count) => sum + count, 0);
    });
    return all === 0 ? null : right / all;
  };
  const accuracy = recall(isWord);

  let noise: Evaluation['noise'] = null;
  if (etas.length > 0 && accuracy !== null) {
    const correct: number[] = [];
    for (const eta of etas) {
      correct.push(eta === 0 ? Math.round(accuracy * words.length) : correctOf(words, await predictions(words, eta)));
    }
    const score = correct.reduce((sum, count) => sum + count, 0);
    const maxScore = words.length * etas.length;
    noise = { eta: etas, accuracy: correct.map((count) => count / words.length), score, maxScore, mean: score / maxScore };
  }
  return {
    n: words.length,
    accuracy,
    noise,
    background:
      background && words.length > 0
        ? { snrDb: background.snrDb, accuracy: correctOf(words, await predictions(words, 0, background)) / words.length }
        : null,
    unknownAccuracy: recall((label) => label === UNKNOWN_LABEL),
    silenceAccuracy: recall((label) => label === SILENCE_LABEL),
    confusion: { labels: [...labels], counts },
  };
}

/** Windows made once and judged after every epoch. */
export interface ValidationSet {
  readonly eta: number;
  readonly windows: Float32Array;
  readonly targets: Int32Array;
}

export interface ValidationResult {
  /** Clean, known words. */
  readonly accuracy: number;
  /** Mean over noise levels of the mean recall of the classes. */
  readonly score: number;
}

/** Accuracy and score of a network on validation sets; the first one is the clean one. */
export function validate(
  sets: readonly ValidationSet[],
  labels: readonly string[],
  logits: (windows: Float32Array, count: number) => Float32Array,
): ValidationResult {
  let accuracy = 0;
  let score = 0;
  sets.forEach((set, level) => {
    const right = labels.map(() => 0);
    const all = labels.map(() => 0);
    const predicted = argmaxRows(logits(set.windows, set.windows.length / WINDOW_VALUES), labels.length);
    set.targets.forEach((target, i) => {
      all[target]!++;
      if (predicted[i] === target) right[target]!++;
    });
    const present = labels.map((_, i) => i).filter((i) => all[i]! > 0);
    score += present.reduce((sum, i) => sum + right[i]! / all[i]!, 0) / present.length / sets.length;
    if (level === 0) {
      const words = present.filter((i) => isWord(labels[i]!));
      const sum = (counts: number[]): number => words.reduce((total, i) => total + counts[i]!, 0);
      accuracy = sum(right) / sum(all);
    }
  });
  return { accuracy, score };
}
