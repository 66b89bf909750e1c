import { setImmediate as nextTurn } from 'node:timers/promises';
import path from 'node:path';
import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES, WINDOW_VALUES } from '../../../shared/features.js';
import type { Confusion, FlippedClip, NewWordFigures, NoiseCurve } from '../../../shared/teaching.js';
import { blend, clipNoise } from '../../audio/noise.js';
import type { BatchExtractor } from '../../features/batch.js';
import { finishWindows } from '../../features/window.js';
import { UNKNOWN_LABEL, type Model } from '../../network/model.js';
import type { NativeEngine, NativeNetwork } from '../../network/native.js';
import { classOf, isWord } from '../dataset.js';
import { argmaxRows, NOISE_ETAS } from '../evaluation.js';
import { samplesPerWindow } from '../premade-epochs.js';
import { bandLimited } from './band-limit.js';

const BATCH_WINDOWS = 128;
/** Clips that the noise curves are taken from, evenly picked: eleven levels of everything would take longer than the training. */
export const NOISE_CLIPS_MAX = 320;
const FLIPPED_MOST = 200;

/** A clip to judge by. */
export interface JudgedClip {
  readonly word: string;
  /** Absolute path of its file. */
  readonly path: string;
  read(out: Float32Array): void;
}

export interface Judged {
  /** What is heard in each clip: index among the model's labels. */
  readonly before: Int32Array;
  readonly after: Int32Array;
}

export interface JudgeInput {
  readonly engine: NativeEngine;
  readonly extractor: BatchExtractor;
  readonly before: Model;
  readonly after: Model;
  readonly threads: number;
  /** Of the white noise. */
  readonly noiseSeed: number;
  onProgress(done: number, total: number): void;
  stopped(): boolean;
}

/** Judges an old and a new network side by side, on the same windows. */
export class Judge {
  private readonly networks: { readonly before: NativeNetwork; readonly after: NativeNetwork };
  private done = 0;
  private total = 0;

  constructor(private readonly input: JudgeInput) {
    const open = ({ spec, layers }: Model): NativeNetwork => new input.engine.Network(spec, layers);
    this.networks = { before: open(input.before), after: open(input.after) };
  }

  expect(windows: number): void {
    this.total += windows;
  }

  /** @param eta of white noise */
  async hear(clips: readonly JudgedClip[], eta = 0): Promise<Judged> {
    const heard = { before: new Int32Array(clips.length), after: new Int32Array(clips.length) };
    const change = (window: Float32Array, clip: JudgedClip): void => {
      if (eta > 0) window.set(blend(window, clipNoise('white', this.input.noiseSeed, keyOf(clip), eta, window.length), eta));
    };
    await this.batches(clips, change, (windows, at) => {
      heard.before.set(this.heard('before', windows), at);
      heard.after.set(this.heard('after', windows), at);
    });
    return heard;
  }

  /** What the new network hears in clips without anything above 4 kHz. */
  async hearNarrow(clips: readonly JudgedClip[]): Promise<Int32Array> {
    const heard = new Int32Array(clips.length);
    await this.batches(
      clips,
      (window) => window.set(bandLimited(window)),
      (windows, at) => heard.set(this.heard('after', windows), at),
    );
    return heard;
  }

  /** Goes through the clips' windows. @param change of a window's samples, in place. @param use of a batch from clip `at` on */
  private async batches(
    clips: readonly JudgedClip[],
    change: (window: Float32Array, clip: JudgedClip) => void,
    use: (windows: Float32Array, at: number) => void,
  ): Promise<void> {
    const spec = this.input.before.features;
    const length = samplesPerWindow(spec);
    const margin = length === CLIP_SAMPLES ? 0 : CLIP_MARGIN_SAMPLES;
    for (let at = 0; at < clips.length && !this.input.stopped(); at += BATCH_WINDOWS) {
      const batch = clips.slice(at, at + BATCH_WINDOWS);
      const samples = new Float32Array(batch.length * length);
      batch.forEach((clip, i) => {
        const window = samples.subarray(i * length, (i + 1) * length);
        clip.read(window.subarray(margin, margin + CLIP_SAMPLES));
        change(window, clip);
      });
      use(finishWindows(spec, this.input.extractor.extract(samples, batch.length, length)), at);
      this.done += batch.length;
      this.input.onProgress(this.done, this.total);
      await nextTurn();
    }
  }

  /** Accuracy at the eleven published noise levels. */
  async noise(clips: readonly JudgedClip[]): Promise<{ before: NoiseCurve; after: NoiseCurve; clips: number }> {
    const picked = evenly(clips, NOISE_CLIPS_MAX);
    const curves = { before: [] as number[], after: [] as number[] };
    for (const eta of NOISE_ETAS) {
      const heard = await this.hear(picked, eta);
      for (const side of ['before', 'after'] as const) {
        const { labels } = this.input[side];
        const right = picked.filter((clip, i) => labels[heard[side][i]!] === clip.word).length;
        curves[side].push(picked.length === 0 ? 0 : right / picked.length);
      }
    }
    return {
      before: { eta: NOISE_ETAS, accuracy: curves.before },
      after: { eta: NOISE_ETAS, accuracy: curves.after },
      clips: picked.length,
    };
  }

  private heard(side: 'before' | 'after', windows: Float32Array): Int32Array {
    const { logits } = this.networks[side].run(windows, windows.length / WINDOW_VALUES, this.input.threads, false);
    return argmaxRows(logits, this.input[side].labels.length);
  }
}

/** How many windows `noise` will hear. */
export function noiseWindows(clips: number): number {
  return NOISE_ETAS.length * Math.min(clips, NOISE_CLIPS_MAX);
}

function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

function keyOf(clip: JudgedClip): string {
  return `${clip.word}/${path.parse(clip.path).name}`;
}

/** `[true][heard]`; clips of words without an output count as unknown, or not at all where there is no such output. */
export function confusion(clips: readonly JudgedClip[], heard: Int32Array, labels: readonly string[]): Confusion {
  const counts = labels.map(() => labels.map(() => 0));
  clips.forEach((clip, i) => {
    const target = classOf(clip.word, labels);
    if (target >= 0) counts[target]![heard[i]!]!++;
  });
  return { labels, counts };
}

/** Of the clips of these labels, those heard as what they are; null without any. */
export function accuracyOf(
  clips: readonly JudgedClip[],
  heard: Int32Array,
  labels: readonly string[],
  wanted: (label: string) => boolean,
): number | null {
  let right = 0;
  let all = 0;
  clips.forEach((clip, i) => {
    const target = classOf(clip.word, labels);
    if (target < 0 || !wanted(labels[target]!)) return;
    all++;
    right += Number(heard[i] === target);
  });
  return all === 0 ? null : right / all;
}

export const knownWord = (labels: readonly string[]) => {
  const known = new Set(labels.filter(isWord));
  return (label: string): boolean => known.has(label);
};
export const unknownWord = (label: string): boolean => label === UNKNOWN_LABEL;

/** Of the clips that are not the word, those heard as it; null without any. */
export function falseAccepts(
  clips: readonly JudgedClip[],
  heard: Int32Array,
  labels: readonly string[],
  word: string,
): number | null {
  const output = labels.indexOf(word);
  let all = 0;
  let wrong = 0;
  clips.forEach((clip, i) => {
    if (clip.word === word) return;
    all++;
    wrong += Number(heard[i] === output);
  });
  return all === 0 ? null : wrong / all;
}

/** Clips that are right in one of the two networks and wrong in the other, worse ones first. */
export function flips(
  clips: readonly JudgedClip[],
  heard: Judged,
  before: readonly string[],
  after: readonly string[],
): { flipped: FlippedClip[]; better: number; worse: number } {
  const all: FlippedClip[] = [];
  clips.forEach((clip, i) => {
    const wasRight = heard.before[i] === classOf(clip.word, before);
    const isRight = heard.after[i] === classOf(clip.word, after);
    if (wasRight === isRight) return;
    all.push({
      path: clip.path,
      label: clip.word,
      before: before[heard.before[i]!]!,
      after: after[heard.after[i]!]!,
      better: isRight,
    });
  });
  const better = all.filter((clip) => clip.better);
  const worse = all.filter((clip) => !clip.better);
  const half = FLIPPED_MOST / 2;
  return { flipped: [...worse.slice(0, half), ...better.slice(0, half)], better: better.length, worse: worse.length };
}

export function newWordFigures(
  word: string,
  labels: readonly string[],
  takes: { readonly clips: readonly JudgedClip[]; readonly heard: Int32Array },
  old: { readonly clips: readonly JudgedClip[]; readonly heard: Int32Array; readonly narrow: Int32Array },
): NewWordFigures {
  const output = labels.indexOf(word);
  const own = takes.clips.flatMap((clip, i) => (clip.word === word ? [takes.heard[i] === output] : []));
  return {
    word,
    recall: own.length === 0 ? null : own.filter(Boolean).length / own.length,
    heldOut: own.length,
    falseAccepts: falseAccepts(old.clips, old.heard, labels, word),
    falseAcceptsBandLimited: falseAccepts(old.clips, old.narrow, labels, word),
    falseAcceptsOtherWords: falseAccepts(takes.clips, takes.heard, labels, word),
  };
}
