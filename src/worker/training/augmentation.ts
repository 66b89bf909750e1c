import { CLIP_SAMPLES, LIVE_FEATURES, SAMPLE_RATE_HZ } from '../../shared/features.js';
import { rms, type NoiseRecordings } from './noise-recordings.js';
import type { Random } from './random.js';
import type { Augmentation } from './recipe.js';

/** What is left to the extractor, which does it on the spectrogram. */
export interface SpectrogramDraw {
  /** Phase-vocoder rate; 1 is none. */
  readonly stretch: number;
  /** Frames to the right (negative: left), zero-filled. */
  readonly shift: number;
}

/**
 * Speed and pitch together: the clip read at steps of `1 / (1 + scale)` with linear interpolation, cut or padded with zeros at
 * the end to its old length. A positive scale makes it slower, longer and lower.
 */
export function resampleSpeed(clip: Float32Array, scale: number): Float32Array {
  const step = 1 / (1 + scale);
  const out = new Float32Array(clip.length);
  for (let i = 0; i < out.length; i++) {
    const at = i * step;
    const left = Math.floor(at);
    if (left >= clip.length - 1) break;
    out[i] = clip[left]! + (at - left) * (clip[left + 1]! - clip[left]!);
  }
  return out;
}

/** Reflections of one response: sparse pulses of either sign sound as smooth as noise and cost a hundredth of it. */
const REFLECTIONS = 128;
const EARLIEST_REFLECTION_SECONDS = 0.003;

/**
 * A clip as a room would give it: the direct sound and a velvet-noise tail (Karjalainen and Jarvelainen 2007), pulses at random
 * instants with random signs under an exponential decay; at the clip's own level.
 * @param rt60 seconds in which the tail falls by 60 dB
 * @param directDb energy of the direct sound over that of the tail
 */
export function addRoom(clip: Float32Array, rt60: number, directDb: number, random: Random): Float32Array {
  const earliest = Math.round(EARLIEST_REFLECTION_SECONDS * SAMPLE_RATE_HZ);
  const latest = Math.min(clip.length - 1, Math.round(rt60 * SAMPLE_RATE_HZ));
  const delays = Array.from({ length: REFLECTIONS }, () => random.integer(earliest, latest));
  const gains = delays.map((delay) => (random.chance(0.5) ? 1 : -1) * 10 ** ((-3 * delay) / (rt60 * SAMPLE_RATE_HZ)));
  const scale = Math.sqrt(10 ** (-directDb / 10) / gains.reduce((sum, gain) => sum + gain * gain, 0));
  const out = Float32Array.from(clip);
  delays.forEach((delay, r) => {
    const gain = scale * gains[r]!;
    for (let i = delay; i < out.length; i++) out[i] = out[i]! + gain * clip[i - delay]!;
  });
  const level = rms(out);
  const back = level === 0 ? 1 : rms(clip) / level;
  for (let i = 0; i < out.length; i++) out[i] = out[i]! * back;
  return out;
}

/** A* = (1 - eta) A + eta U(-1, 1), in place. */
export function blendWhite(samples: Float32Array, eta: number, random: Random): void {
  for (let i = 0; i < samples.length; i++) samples[i] = (1 - eta) * samples[i]! + eta * random.uniform(-1, 1);
}

/**
 * Adds noise at a signal-to-noise ratio: both rms taken over all samples. Silence on either side leaves the signal as it is.
 * @param signalRms of the clip that `samples` contains
 */
export function addNoise(samples: Float32Array, signalRms: number, noise: Float32Array, snrDb: number): void {
  const noiseRms = rms(noise);
  if (noiseRms === 0 || signalRms === 0) return;
  const gain = signalRms / noiseRms / 10 ** (snrDb / 20);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! + gain * noise[i]!;
}

/** Mixes noise into a window as the recipe's shares say; at most one kind. */
function mixNoise(
  window: Float32Array,
  signalRms: number,
  settings: Augmentation['noise'],
  random: Random,
  recordings: NoiseRecordings,
): void {
  const kind = random.next();
  if (kind < settings.whiteShare) {
    blendWhite(window, random.uniform(0, settings.etaMax), random);
  } else if (kind < settings.whiteShare + settings.realShare) {
    const noise = new Float32Array(window.length);
    recordings.stretch(random, noise.length, noise);
    addNoise(window, signalRms, noise, random.uniform(settings.snrLowDb, settings.snrHighDb));
  }
}

/**
 * One clip through the published chain, as far as it works on samples; the rest is drawn and returned.
 * @param clip 16,000 samples
 * @param window where the result goes: the clip with its margins on both sides
 */
export function augmentClip(
  clip: Float32Array,
  window: Float32Array,
  settings: Augmentation,
  random: Random,
  recordings: NoiseRecordings,
): SpectrogramDraw {
  const { amplitude, speed, stretch, shift, room } = settings;
  const gain = random.chance(amplitude.probability) ? random.uniform(amplitude.low, amplitude.high) : 1;
  const dry = random.chance(speed.probability) ? resampleSpeed(clip, random.uniform(-speed.range, speed.range)) : clip;
  const sound =
    room && random.chance(room.probability)
      ? addRoom(dry, random.uniform(room.rt60Low, room.rt60High), random.uniform(room.directDbLow, room.directDbHigh), random)
      : dry;
  const rate = random.chance(stretch.probability) ? 1 + random.uniform(-stretch.range, stretch.range) : 1;
  const frames = random.chance(shift.probability) ? random.integer(-shift.frames, shift.frames) : 0;

  const margin = (window.length - CLIP_SAMPLES) / 2;
  const start = margin + (shift.of === 'samples' ? frames * LIVE_FEATURES.hop : 0);
  window.fill(0);
  for (let i = Math.max(0, -start); i < Math.min(CLIP_SAMPLES, window.length - start); i++) window[start + i] = gain * sound[i]!;
  mixNoise(window, gain * rms(sound), settings.noise, random, recordings);
  return { stretch: rate, shift: shift.of === 'spectrogram' ? frames : 0 };
}

/** A window of background noise at a random level, itself noise-augmented like any other window. */
export function augmentSilence(window: Float32Array, settings: Augmentation, random: Random, recordings: NoiseRecordings): void {
  recordings.stretch(random, window.length, window);
  const level = 10 ** random.uniform(SILENCE_GAIN_LOW, 0);
  for (let i = 0; i < window.length; i++) window[i] = window[i]! * level;
  mixNoise(window, rms(window), settings.noise, random, recordings);
}

/** Decimal exponent of the smallest gain of a silence window: -40 dB. */
const SILENCE_GAIN_LOW = -2;

/** The random floor: values of one window in dB below U(lowDb, highDb) become that value, in place. */
export function cutFloor(window: Float32Array, lowDb: number, highDb: number, random: Random): void {
  const floor = random.uniform(lowDb, highDb);
  for (let i = 0; i < window.length; i++) if (window[i]! < floor) window[i] = floor;
}
