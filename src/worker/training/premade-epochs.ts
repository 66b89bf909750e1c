import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLIP_SAMPLES, WINDOW_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { SILENCE_LABEL } from '../network/model.js';
import type { BatchExtractor } from '../features/batch.js';
import { finishWindows } from '../features/window.js';
import { augmentClip, augmentSilence, cutFloor } from './augmentation.js';
import { CacheFileWriter, cacheFolder, trimCache } from './cache.js';
import type { ClipStore } from './clip-store.js';
import { classOf, isWord } from './dataset.js';
import type { NoiseRecordings } from './noise-recordings.js';
import { deriveSeed, Random } from './random.js';
import { Augmentation, type Recipe } from './recipe.js';

/** Clips augmented and extracted at a time: 18 MB of samples. */
const BATCH_CLIPS = 256;
/** Counts up when the same recipe gives other windows. */
const FORM_VERSION = 1;
/** Kept of earlier runs when new epochs are made: 30 epochs of the official archive have 5 GB. */
const EPOCHS_KEPT_BYTES_MAX = 12e9;
const DB_STEPS = 65_535;
const SILENCE = -1;
const ZEROS = -2;

/** Windows of one epoch as the network takes them. */
export interface TrainingSet {
  /** `[window][band][frame]` */
  readonly windows: Float32Array;
  /** Class by window. */
  readonly targets: Int32Array;
  /** What to say instead of the bare class, `[window][class]`. */
  readonly answers?: Float32Array;
}

export interface PremadeSource {
  readonly recipe: Recipe;
  readonly clips: ClipStore;
  readonly noise: NoiseRecordings;
  readonly extractor: BatchExtractor;
}

/** Samples of a window as the extractor takes it: with margins where noise can fill them. */
export function samplesPerWindow(spec: FeatureSpec): number {
  return spec.framing === 'stream' ? WINDOW_SAMPLES : CLIP_SAMPLES;
}

/** What one epoch consists of: indices of clips, or `SILENCE` or `ZEROS`, in the order of the file. */
function composition(source: PremadeSource, epoch: number): { item: Int32Array; targets: Int32Array } {
  const { recipe, clips } = source;
  const known: number[] = [];
  const unknown: number[] = [];
  clips.clips.forEach((clip, i) => {
    const target = classOf(clip.word, recipe.labels);
    if (target >= 0) (isWord(recipe.labels[target]!) ? known : unknown).push(i);
  });
  const random = new Random(deriveSeed(recipe.augmentationSeed, 'composition', epoch));
  const unknownCount = Math.min(unknown.length, Math.round(recipe.unknown.share * known.length));
  const silenceCount = recipe.labels.includes(SILENCE_LABEL) ? Math.round(recipe.silence.share * known.length) : 0;
  const zeros = Math.round(recipe.silence.zerosShare * silenceCount);
  const item = [
    ...known,
    ...random.shuffle(unknown).slice(0, unknownCount),
    ...Array.from({ length: silenceCount }, (_, i) => (i < zeros ? ZEROS : SILENCE)),
  ];
  const silenceClass = recipe.labels.indexOf(SILENCE_LABEL);
  const targets = item.map((i) => (i < 0 ? silenceClass : classOf(clips.clips[i]!.word, recipe.labels)));
  return { item: Int32Array.from(item), targets: Int32Array.from(targets) };
}

/** Whether the recipe draws on background recordings in training. */
export function needsRecordings(recipe: Recipe): boolean {
  const realSilence = recipe.silence.share > 0 && recipe.silence.zerosShare < 1 && recipe.labels.includes(SILENCE_LABEL);
  return realSilence || recipe.augmentation.noise.realShare > 0;
}

function epochsFolder(): string {
  return path.join(cacheFolder(), 'epochs');
}

function epochFile(source: PremadeSource, epoch: number): string {
  const { recipe, clips, noise, extractor } = source;
  // Parsed, so that the order in which a recipe names its settings makes no difference.
  const augmentation = Augmentation.parse({ ...recipe.augmentation, randomFloor: null });
  const features = { ...recipe.features, standardise: false };
  const hash = createHash('sha256').update(
    JSON.stringify({
      form: FORM_VERSION,
      data: clips.hash,
      extractor: extractor.kind,
      augmentation,
      features,
      labels: recipe.labels,
      silence: recipe.silence,
      unknown: recipe.unknown,
      seed: recipe.augmentationSeed,
    }),
  );
  if (needsRecordings(recipe)) for (const recording of noise.recordings) hash.update(new Uint8Array(recording.buffer));
  return path.join(epochsFolder(), `${hash.digest('hex').slice(0, 32)}-${epoch}.u16`);
}

/**
 * Augmented epochs as files of 16-bit values, the whole range of dB in 65,535 steps (0.0012 dB), before floor and standardisation:
 * those belong to a run. A file holds the windows, then the classes; it is made once and shared by every run of the same recipe.
 */
export class PremadeEpochs {
  private readonly made: (string | undefined)[] = [];

  constructor(private readonly source: PremadeSource) {}

  get count(): number {
    return this.source.recipe.premadeEpochs;
  }

  /** Windows of an epoch. */
  get size(): number {
    return composition(this.source, 0).item.length;
  }

  /**
   * Makes the files that do not exist yet.
   * @throws WinnowError `training-cache`
   */
  async make(onProgress: (done: number, total: number) => void, stopped: () => boolean): Promise<void> {
    const size = this.size;
    const files = Array.from({ length: this.count }, (_, epoch) => epochFile(this.source, epoch));
    if (!files.every((file) => existsSync(file))) trimCache(epochsFolder(), EPOCHS_KEPT_BYTES_MAX);
    for (let epoch = 0; epoch < this.count; epoch++) {
      const file = files[epoch]!;
      this.made[epoch] = file;
      if (existsSync(file)) continue;
      await this.makeOne(file, epoch, (done) => onProgress(epoch * size + done, this.count * size), stopped);
      if (stopped()) return;
    }
  }

  private async makeOne(file: string, epoch: number, onProgress: (done: number) => void, stopped: () => boolean): Promise<void> {
    const { recipe, extractor } = this.source;
    const { item, targets } = composition(this.source, epoch);
    const length = samplesPerWindow(recipe.features);
    const samples = new Float32Array(BATCH_CLIPS * length);
    const quantised = new Uint16Array(BATCH_CLIPS * WINDOW_VALUES);
    const stretch = new Float32Array(BATCH_CLIPS);
    const shift = new Int32Array(BATCH_CLIPS);
    const writer = new CacheFileWriter(file);
    try {
      for (let at = 0; at < item.length; at += BATCH_CLIPS) {
        const count = Math.min(BATCH_CLIPS, item.length - at);
        for (let i = 0; i < count; i++) {
          const draw = this.augmented(item[at + i]!, epoch, at + i, samples.subarray(i * length, (i + 1) * length));
          stretch[i] = draw.stretch;
          shift[i] = draw.shift;
        }
        const changes = { stretch: stretch.subarray(0, count), shift: shift.subarray(0, count) };
        const decibels = extractor.extract(samples.subarray(0, count * length), count, length, changes);
        const scale = DB_STEPS / recipe.features.floorDb;
        for (let i = 0; i < decibels.length; i++) quantised[i] = Math.round((decibels[i]! + recipe.features.floorDb) * scale);
        writer.write(quantised.subarray(0, count * WINDOW_VALUES));
        onProgress(at + count);
        await nextTurn();
        if (stopped()) return writer.abandon();
      }
      writer.write(targets);
      writer.finish();
    } catch (error) {
      writer.abandon();
      throw error;
    }
  }

  private augmented(item: number, epoch: number, place: number, window: Float32Array): { stretch: number; shift: number } {
    const { recipe, clips, noise } = this.source;
    const random = new Random(deriveSeed(recipe.augmentationSeed, 'window', epoch, item < 0 ? -place : item));
    if (item === ZEROS) window.fill(0);
    else if (item === SILENCE) augmentSilence(window, recipe.augmentation, random, noise);
    else {
      const clip = new Float32Array(CLIP_SAMPLES);
      clips.read(item, clip);
      return augmentClip(clip, window, recipe.augmentation, random, noise);
    }
    return { stretch: 1, shift: 0 };
  }

  /** Reads one epoch, cuts its floors as `floorSeed` draws them, and standardises. */
  read(epoch: number, floorSeed: number): TrainingSet {
    const { recipe } = this.source;
    const bytes = readFileSync(this.made[epoch]!);
    const count = bytes.length / (2 * WINDOW_VALUES + 4);
    const quantised = new Uint16Array(bytes.buffer, bytes.byteOffset, count * WINDOW_VALUES);
    const targets = new Int32Array(
      bytes.buffer.slice(bytes.byteOffset + 2 * count * WINDOW_VALUES, bytes.byteOffset + bytes.length),
    );
    const windows = new Float32Array(quantised.length);
    const step = recipe.features.floorDb / DB_STEPS;
    for (let i = 0; i < windows.length; i++) windows[i] = quantised[i]! * step - recipe.features.floorDb;
    const floor = recipe.augmentation.randomFloor;
    if (floor) {
      const random = new Random(floorSeed);
      for (let at = 0; at < windows.length; at += WINDOW_VALUES) {
        cutFloor(windows.subarray(at, at + WINDOW_VALUES), floor.lowDb, floor.highDb, random);
      }
    }
    return { windows: finishWindows(recipe.features, windows), targets };
  }
}
