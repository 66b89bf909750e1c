import { CLIP_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { clipIndex, readClip } from '../audio/clips.js';
import { createBatchExtractor } from '../features/batch.js';
import { loadNative } from '../network/native-loader.js';
import { ClipStore } from '../training/clip-store.js';
import { classOf, clipsOf, isWord, listData } from '../training/dataset.js';
import { evaluationWindows, type EvaluationItem } from '../training/evaluation.js';

/** The words of a benchmark, as sounds. */
export interface BenchClips {
  /** What they are, in words. */
  readonly description: string;
  readonly items: readonly EvaluationItem[];
  /** Other clips where there are any, for choosing the scales of a quantised network. */
  readonly calibration: readonly EvaluationItem[];
  close(): void;
}

/** Clips for calibration: more change nothing, and ranges should not hang on one outlier. */
const CALIBRATION_CLIPS = 128;

/**
 * The clips that ship, or the test clips of a data folder; of known words alone.
 * @param labels of the model that answers
 * @throws WinnowError `audio-clips-missing`, `training-...`
 */
export async function openBenchClips(data: string | undefined, labels: readonly string[]): Promise<BenchClips> {
  return data === undefined ? shippedClips(labels) : testClips(data, labels);
}

async function shippedClips(labels: readonly string[]): Promise<BenchClips> {
  const items: EvaluationItem[] = [];
  for (const { name, label } of (await clipIndex()).clips) {
    const target = labels.indexOf(label);
    if (target < 0) continue;
    const samples = (await readClip(name)).subarray(0, CLIP_SAMPLES);
    items.push({ key: `${label}/${name}`, target, sound: (out) => out.set(samples) });
  }
  const description = `the ${items.length} synthetic clips that ship`;
  return { description, items, calibration: items, close: () => undefined };
}

async function testClips(data: string, labels: readonly string[]): Promise<BenchClips> {
  const listing = await listData(data);
  const wordsOf = (part: 'test' | 'validation' | 'whole') =>
    clipsOf(listing, part).filter(({ word }) => isWord(labels[classOf(word, labels)] ?? labels[0]!));
  const plain = listing.layout === 'plain';
  const files = wordsOf(plain ? 'whole' : 'test');
  const others = wordsOf('validation');
  const step = Math.max(1, Math.floor(others.length / CALIBRATION_CLIPS));
  const some = others.filter((_, i) => i % step === 0).slice(0, CALIBRATION_CLIPS);
  const store = await ClipStore.open(listing, [...files, ...some]);
  const items = store.clips.map(({ word, path }, i): EvaluationItem => {
    return { key: path, target: classOf(word, labels), sound: (out) => store.read(i, out) };
  });
  const test = items.slice(0, files.length);
  return {
    description: `${test.length} ${plain ? '' : 'test '}clips of the data folder`,
    items: test,
    calibration: some.length > 0 ? items.slice(files.length) : test.slice(0, CALIBRATION_CLIPS),
    close: () => store.close(),
  };
}

/** The network's input for some clips, as its features say. @returns `[clip][band][frame]` */
export function windowsOf(items: readonly EvaluationItem[], features: FeatureSpec): Float32Array {
  const extractor = createBatchExtractor(features, loadNative().engine);
  const windows = new Float32Array(items.length * WINDOW_VALUES);
  const batch = 256;
  for (let at = 0; at < items.length; at += batch) {
    windows.set(evaluationWindows(items.slice(at, at + batch), 0, 0, features, extractor), at * WINDOW_VALUES);
  }
  return windows;
}
