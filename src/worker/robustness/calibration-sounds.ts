import type { CalibrationSound } from '../../shared/calibration.js';
import { CLIP_SAMPLES, SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { decodeSoundFile } from '../audio/decode.js';
import { strungTogether } from '../audio/strung.js';
import type { SpokenWord } from '../recognizer/calibration.js';
import { ClipStore, type OnClips } from '../training/clip-store.js';
import { classOf, clipsOf, isWord, listData, type Listing, type Part } from '../training/dataset.js';
import type { Split } from '../training/hash-split.js';
import { NoiseRecordings } from '../training/noise-recordings.js';
import { Random } from '../training/random.js';
import { readWordTimes } from './word-times.js';

/** Between two clips of a second each; longer than a decision needs to be ready for the next word. */
const PAUSE_SAMPLES = SAMPLE_RATE_HZ / 2;
/** Clips in one stretch of sound: minutes, so that progress moves and little is in memory. */
const CLIPS_PER_TRACK = 40;
/** Clips follow each other in one order, the same every time, with all words mixed. */
const ORDER_SEED = 1;

/** A stretch of sound to listen to. */
export interface CalibrationTrack {
  readonly sound: CalibrationSound;
  /** Clips or recordings in it. */
  readonly items: number;
  readonly words: readonly SpokenWord[];
  /** Whether settings are chosen on it, judged on it, or both. */
  readonly use: 'choose' | 'judge' | 'both';
  read(): Promise<Float32Array>;
}

export interface CalibrationSource {
  /** A data folder: settings are chosen on its validation part and judged on its test part. A folder of word folders serves both. */
  readonly data?: string;
  /** Long recordings, with their words in a `.json` beside them or without any word of the model; they serve both. */
  readonly recordings: readonly string[];
}

function portions<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Everything that a calibration listens to; `close` gives the clips' files back. What is judged comes first. */
export class CalibrationSounds {
  private constructor(
    readonly tracks: readonly CalibrationTrack[],
    private readonly stores: readonly ClipStore[],
  ) {}

  /** @throws WinnowError `training-...`, `calibration-...`, `audio-...` */
  static async open(source: CalibrationSource, labels: readonly string[], onClips?: OnClips): Promise<CalibrationSounds> {
    const recordings = await Promise.all(source.recordings.map(recordingTrack));
    const known = new Set(labels);
    for (const { words } of recordings) {
      const strange = words.find(({ label }) => !known.has(label));
      if (strange) throw new WinnowError('calibration-word', { label: strange.label, known: labels.filter(isWord).join(', ') });
    }
    if (source.data === undefined) return new CalibrationSounds(recordings, []);
    const listing = await listData(source.data);
    const stores: ClipStore[] = [];
    const tracks: CalibrationTrack[] = [];
    try {
      for (const { part, noise, use } of partsOf(listing)) {
        const files = clipsOf(listing, part);
        if (files.length === 0) throw new WinnowError('training-no-part', { path: listing.root, part });
        const clips = await ClipStore.open(listing, files, onClips);
        stores.push(clips);
        const { recordings: noises } = await NoiseRecordings.load(listing, noise);
        tracks.push(...clipTracks(clips, labels, use), ...noises.map((sound) => noiseTrack(sound, use)));
      }
      return new CalibrationSounds([...tracks, ...recordings], stores);
    } catch (error) {
      for (const store of stores) store.close();
      throw error;
    }
  }

  close(): void {
    for (const store of this.stores) store.close();
  }
}

interface UsedPart {
  readonly part: Part;
  readonly noise: Split;
  readonly use: CalibrationTrack['use'];
}

function partsOf(listing: Listing): UsedPart[] {
  if (listing.layout === 'plain') return [{ part: 'whole', noise: 'test', use: 'both' }];
  if (clipsOf(listing, 'validation').length === 0) return [{ part: 'test', noise: 'test', use: 'both' }];
  return [
    { part: 'test', noise: 'test', use: 'judge' },
    { part: 'validation', noise: 'validation', use: 'choose' },
  ];
}

function clipTracks(clips: ClipStore, labels: readonly string[], use: CalibrationTrack['use']): CalibrationTrack[] {
  const words: number[] = [];
  const others: number[] = [];
  clips.clips.forEach(({ word }, i) => {
    const target = classOf(word, labels);
    if (target >= 0 && isWord(labels[target]!)) words.push(i);
    else others.push(i);
  });
  const read = (clip: number): Float32Array => {
    const sound = new Float32Array(CLIP_SAMPLES);
    clips.read(clip, sound);
    return sound;
  };
  const track = (sound: CalibrationSound, some: readonly number[]): CalibrationTrack => {
    // The places follow from the lengths alone, so they are known before any sound is read.
    const placed = strungMiddles(some.length);
    const spoken = some.map((clip, i) => ({ label: clips.clips[clip]!.word, timeMs: placed[i]! }));
    return {
      sound,
      items: some.length,
      words: sound === 'words' ? spoken : [],
      use,
      read: async () => strungTogether(some.map(read), PAUSE_SAMPLES).sound,
    };
  };
  const random = new Random(ORDER_SEED);
  const mixed = (indices: number[]): number[][] => portions(shuffled(random, indices), CLIPS_PER_TRACK);
  return [...mixed(words).map((some) => track('words', some)), ...mixed(others).map((some) => track('otherWords', some))];
}

function strungMiddles(count: number): number[] {
  const step = CLIP_SAMPLES + PAUSE_SAMPLES;
  return Array.from({ length: count }, (_, i) => ((PAUSE_SAMPLES + i * step + CLIP_SAMPLES / 2) / SAMPLE_RATE_HZ) * 1000);
}

function shuffled(random: Random, items: readonly number[]): number[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function noiseTrack(recording: Float32Array, use: CalibrationTrack['use']): CalibrationTrack {
  return { sound: 'noise', items: 1, words: [], use, read: async () => recording };
}

async function recordingTrack(path: string): Promise<CalibrationTrack> {
  const words = (await readWordTimes(path)) ?? [];
  return { sound: 'recordings', items: 1, words, use: 'both', read: () => decodeSoundFile(path) };
}
