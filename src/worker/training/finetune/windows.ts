import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLIP_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../../shared/features.js';
import type { BatchExtractor } from '../../features/batch.js';
import { finishWindows } from '../../features/window.js';
import { UNKNOWN_LABEL } from '../../network/model.js';
import { augmentClip, augmentSilence, cutFloor } from '../augmentation.js';
import type { NoiseRecordings } from '../noise-recordings.js';
import { samplesPerWindow } from '../premade-epochs.js';
import { deriveSeed, Random } from '../random.js';
import type { Augmentation } from '../recipe.js';
import { bandLimited } from './band-limit.js';
import { hardNegative, pieceOf, spliced, wordBounds } from './hard-negatives.js';
import type { FinetunePlan } from './plan.js';
import { silenceClass, type Replay } from './replay.js';
import { recoloured, voiceColour, type VoiceColour } from './voice-colour.js';
import type { TaughtWord } from './takes-set.js';

const BATCH_WINDOWS = 128;
/** Of all windows, those without anything above 4 kHz: recordings of a telephone must not be told by their empty upper half. */
const BAND_LIMITED_SHARE = 0.5;
/** Of the replayed windows, those of silence, and of clips that are left just as they are. */
const SILENCE_SHARE = 0.08;
const UNCHANGED_SHARE = 0.35;
/** Of the windows of speech, those with digital silence around the word: it must not tell imported files from others either. */
const BARE_SHARE = 0.5;
/** Sound around the word that stays with it then, on each side. */
const BARE_MARGIN_SAMPLES = 2400;
/** Of those, the ones in which the word begins with the window, as files that are cut around a word and filled up have it. */
const AT_START_SHARE = 0.15;
/** Otherwise it lies at most this far from the middle of the window: every word passes there, and is told best there. */
const OFF_MIDDLE_SAMPLES = 4096;
/** Of the windows of speech, those that sound as in a room, and how long the longest such echo is. */
const ROOM_SHARE = 0.3;
const ECHO_SAMPLES_MAX = 1600;
const ECHOES = 12;
/** Strongest tilt of a microphone's sound: the one-tap filter 1 + t z^-1. */
const TILT_MAX = 0.6;
/** Of the replayed windows that are changed, those with the colour of the takes. */
const RECOLOURED_SHARE = 0.6;
/** Clips that the colour of the others is taken from. */
const COLOUR_CLIPS = 64;
/** Of the changed windows of words that the network does not know, those in which the word ends as another one: words that nobody has recorded. */
const SPLICED_SHARE = 0.35;
/** Of the same, those cut to the length of a take: a word must not be told by its length. */
const PIECE_SHARE = 0.5;
/** Gain of a take before anything else, as speakers lean back and forth, in decades. */
const GAIN_DECADES = 0.4;

/** A few takes have to stand for all that a person may say: more change than in training on thousands of clips. */
const TAKE_AUGMENTATION: Augmentation = {
  amplitude: { probability: 0, low: 1, high: 1 },
  speed: { probability: 0.7, range: 0.15 },
  stretch: { probability: 0.6, range: 0.3 },
  shift: { probability: 0.7, frames: 6, of: 'samples' },
  randomFloor: null,
  noise: { whiteShare: 0.1, etaMax: 0.2, realShare: 0.35, snrLowDb: 3, snrHighDb: 40 },
};
const REPLAY_AUGMENTATION: Augmentation = {
  amplitude: { probability: 0, low: 1, high: 1 },
  speed: { probability: 0.4, range: 0.15 },
  stretch: { probability: 0.15, range: 0.15 },
  shift: { probability: 0.6, frames: 8, of: 'samples' },
  randomFloor: null,
  noise: { whiteShare: 0.1, etaMax: 0.3, realShare: 0.25, snrLowDb: 3, snrHighDb: 40 },
};
/** The same speaker, room and microphone a moment later. */
const REPEATED_TAKE: Augmentation = {
  ...TAKE_AUGMENTATION,
  speed: { probability: 1, range: 0.1 },
  stretch: { probability: 0, range: 0 },
  shift: { probability: 1, frames: 2, of: 'samples' },
  noise: { ...TAKE_AUGMENTATION.noise, whiteShare: 0, realShare: 0.2, snrLowDb: 15 },
};
const REPEATED_TILT_MAX = 0.3;
const BARE: Pick<Augmentation, 'shift'> = { shift: { probability: 0, frames: 0, of: 'samples' } };
const UNCHANGED: Augmentation = {
  ...REPLAY_AUGMENTATION,
  ...BARE,
  speed: { probability: 0, range: 0 },
  stretch: { probability: 0, range: 0 },
  noise: { ...REPLAY_AUGMENTATION.noise, whiteShare: 0, realShare: 0 },
};

export interface WindowSource {
  readonly plan: FinetunePlan;
  /** Of the new network, the old one's first. */
  readonly labels: readonly string[];
  readonly oldLabels: number;
  readonly features: FeatureSpec;
  /** As the old network was trained. */
  readonly randomFloor: Augmentation['randomFloor'];
  readonly extractor: BatchExtractor;
  readonly taught: readonly TaughtWord[];
  readonly replay: Replay;
  /** Sound of the user's room, or else of others. */
  readonly noise: NoiseRecordings;
  /** The old network: `[window][old class]`. */
  readonly oldLogits: (windows: Float32Array, count: number) => Float32Array;
  readonly seed: number;
}

export interface WindowSet {
  /** `[window][band][frame]`, as the network takes them. */
  readonly windows: Float32Array;
  /** `[window][class]`: what the network is to answer. */
  readonly targets: Float32Array;
}

/** Only the old network says what it is. */
const OLD_ANSWER = -1;

/** One window to make: what it sounds like, and its class, or `OLD_ANSWER`. */
interface Item {
  readonly target: number;
  readonly replayed: boolean;
  write(window: Float32Array, random: Random): { stretch: number; shift: number };
}

/** Makes one augmented set; everything drawn follows from the seed and the set's number. */
export async function makeWindowSet(
  source: WindowSource,
  set: number,
  onProgress: (done: number) => void,
  stopped: () => boolean,
): Promise<WindowSet> {
  const items = composition(source, colours(source), new Random(deriveSeed(source.seed, 'composition', set)));
  const { labels } = source;
  const windows = new Float32Array(items.length * WINDOW_VALUES);
  const targets = new Float32Array(items.length * labels.length);
  for (let at = 0; at < items.length && !stopped(); at += BATCH_WINDOWS) {
    const batch = items.slice(at, at + BATCH_WINDOWS);
    const made = render(source, batch, `${set}`, at);
    windows.set(made, at * WINDOW_VALUES);
    const old = source.oldLogits(made, batch.length);
    batch.forEach((item, i) => answer(source, item, old, i, targets.subarray((at + i) * labels.length)));
    onProgress(at + batch.length);
    await nextTurn();
  }
  return { windows, targets };
}

/** Takes of one taught word as they might be said again into the same microphone, never used in training. */
export function repeatedTakes(source: WindowSource, { word, takes }: TaughtWord, count: number): Float32Array {
  const items = Array.from({ length: count }, (_, i): Item => ({
    target: OLD_ANSWER,
    replayed: false,
    write: (window, random) => {
      const sound = tilted(takes[i % takes.length]!, 1, random.uniform(-REPEATED_TILT_MAX, REPEATED_TILT_MAX));
      return augmentClip(sound, window, REPEATED_TAKE, random, source.noise);
    },
  }));
  return render(source, items, `repeated ${word}`, 0);
}

/** @param at place of the first item in its set */
function render(source: WindowSource, items: readonly Item[], set: string, at: number): Float32Array {
  const length = samplesPerWindow(source.features);
  const samples = new Float32Array(items.length * length);
  const stretch = new Float32Array(items.length).fill(1);
  const shift = new Int32Array(items.length);
  items.forEach((item, i) => {
    const random = new Random(deriveSeed(source.seed, 'window', set, at + i));
    const window = samples.subarray(i * length, (i + 1) * length);
    const draw = item.write(window, random);
    if (random.chance(BAND_LIMITED_SHARE)) window.set(bandLimited(window));
    stretch[i] = draw.stretch;
    shift[i] = draw.shift;
  });
  const decibels = source.extractor.extract(samples, items.length, length, { stretch, shift });
  if (source.randomFloor) {
    const random = new Random(deriveSeed(source.seed, 'floor', set, at));
    const { lowDb, highDb } = source.randomFloor;
    for (let i = 0; i < items.length; i++) {
      cutFloor(decibels.subarray(i * WINDOW_VALUES, (i + 1) * WINDOW_VALUES), lowDb, highDb, random);
    }
  }
  return finishWindows(source.features, decibels);
}

/** Number of windows of a set. */
export function windowSetSize({ plan, taught }: Pick<WindowSource, 'plan' | 'taught'>): number {
  const perWord = windowsPerWord(plan, taught.length);
  return taught.length * (perWord + Math.round(plan.hardNegatives * perWord)) + plan.replayWindows;
}

function windowsPerWord(plan: FinetunePlan, words: number): number {
  return Math.max(1, Math.min(plan.windowsPerWord, Math.round(plan.windowsAtMost / words)));
}

interface Colours {
  readonly takes: VoiceColour;
  readonly others: VoiceColour;
}

function colours({ taught, replay }: WindowSource): Colours {
  const others = replay.trained.slice(0, COLOUR_CLIPS).map((clip) => {
    const samples = new Float32Array(CLIP_SAMPLES);
    replay.read(clip, samples);
    return samples;
  });
  return { takes: voiceColour(taught.flatMap(({ takes }) => takes)), others: voiceColour(others) };
}

function composition(source: WindowSource, colour: Colours, random: Random): Item[] {
  const { plan, taught, labels, replay } = source;
  const perWord = windowsPerWord(plan, taught.length);
  const unknown = labels.indexOf(UNKNOWN_LABEL);
  const items: Item[] = [];
  for (const { word, takes } of taught) {
    const target = labels.indexOf(word);
    for (let i = 0; i < perWord; i++) items.push(spoken(source, () => takes[i % takes.length]!, target));
    for (let i = 0; i < Math.round(plan.hardNegatives * perWord); i++) {
      const take = takes[i % takes.length]!;
      // What the old network knew is not to be made an unknown word; what it is learning is.
      const no = target < source.oldLabels ? unknown : OLD_ANSWER;
      items.push(spoken(source, (draw) => hardNegative(take, anything(source, word, draw), draw), no));
    }
  }
  const silence = silenceClass(labels);
  const silences = silence < 0 ? 0 : Math.round(SILENCE_SHARE * plan.replayWindows);
  for (let i = 0; i < silences; i++) items.push(quiet(source, silence));
  const order = random.shuffle([...replay.trained]);
  for (let i = 0; i < plan.replayWindows - silences; i++) items.push(replayed(source, colour, order[i % order.length]!));
  return items;
}

/** A take of another taught word, or a replayed clip. */
function anything(source: WindowSource, word: string, random: Random): Float32Array {
  const { taught } = source;
  const others = taught.filter((other) => other.word !== word);
  if (others.length > 0 && random.chance(0.5)) {
    const { takes } = others[random.integer(0, others.length - 1)]!;
    return takes[random.integer(0, takes.length - 1)]!;
  }
  return replayedClip(source, random);
}

function replayedClip({ replay }: WindowSource, random: Random): Float32Array {
  const clip = new Float32Array(CLIP_SAMPLES);
  replay.read(replay.trained[random.integer(0, replay.trained.length - 1)]!, clip);
  return clip;
}

function spoken(source: WindowSource, sound: (random: Random) => Float32Array, target: number): Item {
  return {
    target,
    replayed: false,
    write: (window, random) => changed(sound(random), window, TAKE_AUGMENTATION, random, source.noise),
  };
}

function replayed(source: WindowSource, colour: Colours, clip: number): Item {
  const target = source.replay.targets[clip]!;
  return {
    target,
    replayed: true,
    write: (window, random) => {
      const samples = new Float32Array(CLIP_SAMPLES);
      source.replay.read(clip, samples);
      if (random.chance(UNCHANGED_SHARE)) return augmentClip(samples, window, UNCHANGED, random, source.noise);
      // What the network knew is to stay known: only what it did not is made into something else again.
      const known = target >= 0 && source.labels[target] !== UNKNOWN_LABEL;
      const word = known ? samples : otherWord(source, samples, random);
      const sound = random.chance(RECOLOURED_SHARE) ? recoloured(word, colour.others, colour.takes) : word;
      return changed(sound, window, REPLAY_AUGMENTATION, random, source.noise);
    },
  };
}

/** Made of a word that the network does not know: another one, or a piece of one. */
function otherWord(source: WindowSource, sound: Float32Array, random: Random): Float32Array {
  const word = random.chance(SPLICED_SHARE) ? spliced(sound, replayedClip(source, random), random) : sound;
  return random.chance(PIECE_SHARE) ? pieceOf(word, takeLength(source, random), random) : word;
}

/** Samples that the word takes in one of the takes. */
function takeLength({ taught }: WindowSource, random: Random): number {
  const { takes } = taught[random.integer(0, taught.length - 1)]!;
  const { first, last } = wordBounds(takes[random.integer(0, takes.length - 1)]!);
  return last - first;
}

/** Speech as it might also have been recorded: elsewhere in the window, in another room, with another microphone. */
function changed(
  sound: Float32Array,
  window: Float32Array,
  settings: Augmentation,
  random: Random,
  noise: NoiseRecordings,
): { stretch: number; shift: number } {
  const bare = random.chance(BARE_SHARE);
  const placed = bare ? bareWord(sound, random) : sound;
  const gain = 10 ** random.uniform(-GAIN_DECADES, GAIN_DECADES / 2);
  const clip = tilted(inRoom(placed, random), gain, random.uniform(-TILT_MAX, TILT_MAX));
  return augmentClip(clip, window, bare ? { ...settings, ...BARE } : settings, random, noise);
}

/** The word alone, anywhere in the second. */
function bareWord(sound: Float32Array, random: Random): Float32Array {
  const bounds = wordBounds(sound);
  const first = Math.max(0, bounds.first - random.integer(0, BARE_MARGIN_SAMPLES));
  const last = Math.min(sound.length, bounds.last + random.integer(0, BARE_MARGIN_SAMPLES));
  const out = new Float32Array(sound.length);
  const room = sound.length - (last - first);
  const middle = room >> 1;
  const start = random.chance(AT_START_SHARE)
    ? 0
    : random.integer(Math.max(0, middle - OFF_MIDDLE_SAMPLES), Math.min(room, middle + OFF_MIDDLE_SAMPLES));
  out.set(sound.subarray(first, last), start);
  return out;
}

function tilted(sound: Float32Array, gain: number, tilt: number): Float32Array {
  const out = new Float32Array(sound.length);
  for (let i = 0; i < out.length; i++) out[i] = gain * (sound[i]! + tilt * (i > 0 ? sound[i - 1]! : 0));
  return out;
}

function quiet(source: WindowSource, target: number): Item {
  return {
    target,
    replayed: true,
    write: (window, random) => {
      augmentSilence(window, REPLAY_AUGMENTATION, random, source.noise);
      return { stretch: 1, shift: 0 };
    },
  };
}

/** Some of the time with the echoes of a made-up room: a dozen reflections that fade with their delay. */
function inRoom(sound: Float32Array, random: Random): Float32Array {
  if (!random.chance(ROOM_SHARE)) return sound;
  const out = sound.slice();
  const decay = random.uniform(200, ECHO_SAMPLES_MAX / 2);
  for (let echo = 0; echo < ECHOES; echo++) {
    const delay = random.integer(20, ECHO_SAMPLES_MAX);
    const gain = random.uniform(-0.5, 0.5) * Math.exp(-delay / decay);
    for (let i = delay; i < out.length; i++) out[i]! += gain * sound[i - delay]!;
  }
  return out;
}

/**
 * What the network is to answer: the class of a take; of a replayed clip the old network's answer mixed with the clip's class,
 * and the answer alone where there is no class.
 */
function answer(source: WindowSource, item: Item, oldLogits: Float32Array, window: number, target: Float32Array): void {
  const { plan, oldLabels, labels } = source;
  target.subarray(0, labels.length).fill(0);
  const share = item.target < 0 ? 1 : item.replayed ? plan.distillation : 0;
  if (share > 0) {
    const row = oldLogits.subarray(window * oldLabels, (window + 1) * oldLabels);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const exponentials = row.map((logit) => Math.exp(logit - largest));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    exponentials.forEach((value, i) => (target[i] = (share * value) / sum));
  }
  if (item.target >= 0) target[item.target]! += 1 - share;
}
