import { CLIP_SAMPLES } from '../../../shared/features.js';
import { clipIndex, clipPath, readClip } from '../../audio/clips.js';
import { Babble } from '../../audio/babble.js';
import { gaussianNoise, pinkNoise, whiteNoise } from '../../audio/noise-colours.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../../network/model.js';
import { ClipStore, type OnClips } from '../clip-store.js';
import { classOf, clipsOf, dividedForTraining, isWord, listData, type ClipFile, type Listing } from '../dataset.js';
import { NoiseRecordings } from '../noise-recordings.js';
import { deriveSeed, Random } from '../random.js';
import type { JudgedClip } from './judge.js';

/** Clips that are kept apart to watch the old words by while training. */
const WATCHED_SHARE = 0.1;
const WATCHED_MOST = 400;
/** Of the replayed clips, those of words that the network does not know. */
const UNKNOWN_SHARE = 0.6;
/** Length of each kind of made-up noise where there are no recordings. */
const MADE_NOISE_SECONDS = 20;

/** What the network knew before, to be kept. */
export interface Replay {
  /** Clips, each with its class among the old outputs; -1 where only the old network's answer says what it is. */
  readonly size: number;
  readonly targets: Int32Array;
  /** One second of sound. */
  read(clip: number, out: Float32Array): void;
  /** Indices of clips that are watched, not trained on. */
  readonly watched: readonly number[];
  /** Indices to train on. */
  readonly trained: readonly number[];
  readonly noise: NoiseRecordings;
  /** Whether it has recordings of words that the network does not know. */
  readonly hasOtherWords: boolean;
  /** Names the data, for the run's identity. */
  readonly hash: string;
  close(): void;
}

/**
 * Replay from the training part of a data folder: its words evenly, words that the network does not know, without those that
 * are being taught.
 * @param most clips; a small share of them is only watched
 */
export async function replayFromData(
  folder: string,
  labels: readonly string[],
  taught: readonly string[],
  most: number,
  seed: number,
  onClips?: OnClips,
): Promise<Replay> {
  const listing = dividedForTraining(await listData(folder));
  // The same clips for every seed and word: they are decoded once.
  const chosen = choose(listing, labels, most, new Random(deriveSeed('replay')));
  const store = await ClipStore.open(listing, chosen, onClips);
  const noise = await NoiseRecordings.load(listing, 'train');
  return {
    size: chosen.length,
    targets: Int32Array.from(chosen, (clip) => classOf(clip.word, labels)),
    read: (clip, out) => store.read(clip, out),
    ...apart(
      chosen.flatMap((clip, i) => (taught.includes(clip.word) && !labels.includes(clip.word) ? [] : [i])),
      seed,
    ),
    noise: noise.isEmpty ? madeNoise(seed) : noise,
    hasOtherWords: chosen.some(({ word }) => !taught.includes(word) && labels[classOf(word, labels)] === UNKNOWN_LABEL),
    hash: store.hash,
    close: () => store.close(),
  };
}

/** As many clips of each known word, and unknown ones from all other words with the same chance. */
function choose(listing: Listing, labels: readonly string[], most: number, random: Random): ClipFile[] {
  const usable = clipsOf(listing, 'train').filter((clip) => classOf(clip.word, labels) >= 0);
  const known = usable.filter((clip) => labels.includes(clip.word));
  const unknown = usable.filter((clip) => !labels.includes(clip.word));
  const unknownCount = Math.min(unknown.length, Math.round(UNKNOWN_SHARE * most));
  const chosen = [...evenly(known, most - unknownCount, random), ...evenly(unknown, unknownCount, random)];
  return chosen.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** So many clips, from every word about as many. */
function evenly(clips: readonly ClipFile[], count: number, random: Random): ClipFile[] {
  const byWord = new Map<string, ClipFile[]>();
  for (const clip of clips) byWord.set(clip.word, [...(byWord.get(clip.word) ?? []), clip]);
  const queues = [...byWord.values()].map((list) => random.shuffle(list));
  const chosen: ClipFile[] = [];
  for (let round = 0; chosen.length < count && queues.some((list) => list.length > round); round++) {
    for (const list of queues) if (round < list.length && chosen.length < count) chosen.push(list[round]!);
  }
  return chosen;
}

/** Divides these clips. */
function apart(clips: readonly number[], seed: number): { watched: number[]; trained: number[] } {
  const order = new Random(deriveSeed(seed, 'watched')).shuffle([...clips]);
  const watched = Math.min(WATCHED_MOST, Math.floor(WATCHED_SHARE * clips.length));
  return { watched: order.slice(0, watched).sort((a, b) => a - b), trained: order.slice(watched).sort((a, b) => a - b) };
}

/**
 * Replay without any data: the clips that ship, which the old network's answers explain, and stretches of babble made of
 * speech-like sound for the words that it does not know.
 */
export async function replayFromShipped(labels: readonly string[], taught: readonly string[], seed: number): Promise<Replay> {
  const { clips } = await clipIndex();
  const sounds: Float32Array[] = [];
  const targets: number[] = [];
  for (const { name, label } of clips) {
    if (taught.includes(label) && !labels.includes(label)) continue;
    const samples = new Float32Array(CLIP_SAMPLES);
    samples.set((await readClip(name)).subarray(0, CLIP_SAMPLES));
    sounds.push(samples);
    targets.push(labels.includes(label) && isWord(label) ? labels.indexOf(label) : -1);
  }
  const babble = new Babble(new Random(deriveSeed(seed, 'babble')));
  for (let i = 0, count = sounds.length; i < count; i++) {
    sounds.push(babble.next(CLIP_SAMPLES));
    targets.push(-1);
  }
  return {
    size: sounds.length,
    targets: Int32Array.from(targets),
    read: (clip, out) => out.set(sounds[clip]!),
    ...apart([...sounds.keys()], seed),
    noise: madeNoise(seed),
    hasOtherWords: false,
    hash: 'shipped clips',
    close: () => undefined,
  };
}

/** The clips that ship, to judge by where there is no other list. */
export async function shippedClips(): Promise<JudgedClip[]> {
  const { clips } = await clipIndex();
  const judged: JudgedClip[] = [];
  for (const { name, label } of clips) {
    const samples = await readClip(name);
    judged.push({
      word: label,
      path: clipPath(name),
      read: (out) => out.set(samples.subarray(0, CLIP_SAMPLES)),
    });
  }
  return judged;
}

/** Stands in for recordings of rooms where there are none. */
function madeNoise(seed: number): NoiseRecordings {
  const length = MADE_NOISE_SECONDS * CLIP_SAMPLES;
  const random = (kind: string): Random => new Random(deriveSeed(seed, 'made noise', kind));
  return new NoiseRecordings([
    pinkNoise(random('pink'), length),
    whiteNoise(random('white'), length),
    gaussianNoise(random('gaussian'), length),
    new Babble(random('babble')).next(length),
  ]);
}

/** The class of silence, where a network has one. */
export function silenceClass(labels: readonly string[]): number {
  return labels.indexOf(SILENCE_LABEL);
}
