import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NoiseSettings } from '../../shared/contract.js';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { deriveSeed, Random } from '../training/random.js';
import { Babble } from './babble.js';
import { decodeSoundFile } from './decode.js';
import { gaussianNoise, pinkNoise, whiteNoise } from './noise-colours.js';

/** Every kind of noise has this rms before it is weighted with eta: that of the published one, uniform in [-1, 1]. */
export const NOISE_RMS = 1 / Math.sqrt(3);
/** Live noise is made once and repeats: nobody hears a period of half a minute in noise. */
const LIVE_PERIOD_SAMPLES = 32 * SAMPLE_RATE_HZ;
/** Babble is made in portions of a second with turns of the event loop between them: all at once would hold the sound up. */
const LIVE_PORTION_SAMPLES = SAMPLE_RATE_HZ;
/** A recording this quiet counts as digital silence. */
const RECORDING_RMS_MIN = 1e-5;

type RecordedKind = 'file' | 'room';
type GeneratedKind = Exclude<NoiseSettings['kind'], RecordedKind>;

/** Noise that is taken from a recording. */
export function isRecorded(kind: NoiseSettings['kind']): kind is RecordedKind {
  return kind === 'file' || kind === 'room';
}

/** Where the recording of a recorded kind lies; undefined for generated noise. @throws WinnowError `audio-noise-...-missing` */
export function recordingOf({ kind, path, room }: Pick<NoiseSettings, 'kind' | 'path' | 'room'>): string | undefined {
  if (!isRecorded(kind)) return undefined;
  const recording = kind === 'file' ? path : room;
  if (recording === undefined) throw new WinnowError(kind === 'file' ? 'audio-noise-file-missing' : 'audio-noise-room-missing');
  return recording;
}

const generators: Readonly<Record<GeneratedKind, (random: Random, length: number) => Float32Array>> = {
  white: whiteNoise,
  gaussian: gaussianNoise,
  pink: pinkNoise,
  babble: (random, length) => new Babble(random).next(length),
};

function rms(samples: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < samples.length; i++) squares += samples[i]! ** 2;
  return Math.sqrt(squares / samples.length);
}

/** Scaled in place to the common rms. */
function levelled(noise: Float32Array): Float32Array {
  const gain = NOISE_RMS / rms(noise);
  for (let i = 0; i < noise.length; i++) noise[i] = noise[i]! * gain;
  return noise;
}

/** Too quiet to be noise. */
export function isSilentNoise(sound: Float32Array): boolean {
  return rms(sound) < RECORDING_RMS_MIN;
}

/** A recording to take noise from, at the common rms. @throws WinnowError `audio-...` */
export async function noiseRecording(path: string): Promise<Float32Array> {
  const sound = await decodeSoundFile(path);
  if (isSilentNoise(sound)) throw new WinnowError('audio-noise-silent', { file: path });
  return levelled(sound.slice());
}

/**
 * The noise of one clip. It follows from (seed, clip, eta) alone, so that a score can be repeated.
 * @param clip the clip's name, the same wherever it lies
 * @param recording of `noiseRecording`, for a recorded kind: a stretch from a random place, going round at its end
 * @returns samples of rms 1/sqrt(3) (white: in expectation, as published; the others scaled exactly, a recording as a whole)
 */
export function clipNoise(
  kind: NoiseSettings['kind'],
  seed: number,
  clip: string,
  eta: number,
  length: number,
  recording?: Float32Array,
): Float32Array {
  const random = new Random(deriveSeed('noise', kind, seed, clip, eta));
  if (kind === 'white') return whiteNoise(random, length);
  if (!isRecorded(kind)) return levelled(generators[kind](random, length));
  if (!recording) throw new WinnowError('internal', { reason: `noise of kind ${kind} came without its recording` });
  const start = random.integer(0, recording.length - 1);
  return Float32Array.from({ length }, (_, i) => recording[(start + i) % recording.length]!);
}

/** A* = (1 - eta) A + eta noise. */
export function blend(sound: Float32Array, noise: Float32Array, eta: number): Float32Array {
  const out = new Float32Array(sound.length);
  for (let i = 0; i < out.length; i++) out[i] = (1 - eta) * sound[i]! + eta * noise[i]!;
  return out;
}

/** Noise for a stream: the same at the same place of the stream, whatever the blocks. */
export interface LiveBlend {
  readonly eta: number;
  readonly noiseRms: number;
  /** @param position of the first sample in the stream */
  apply(clean: Float32Array, position: number): Float32Array;
}

/** Period of generated noise by kind and seed: turning eta needs no new one. */
let latest: { readonly key: string; readonly noise: Float32Array } | undefined;

async function livePeriod(settings: NoiseSettings): Promise<Float32Array> {
  const { kind, seed } = settings;
  const recording = recordingOf(settings);
  const key = JSON.stringify([kind, seed, recording]);
  if (latest?.key !== key) {
    const noise = isRecorded(kind) ? await noiseRecording(recording!) : await makePeriod(kind, seed);
    latest = { key, noise };
  }
  return latest.noise;
}

async function makePeriod(kind: GeneratedKind, seed: number): Promise<Float32Array> {
  const random = new Random(deriveSeed('live noise', kind, seed));
  if (kind !== 'babble') return levelled(generators[kind](random, LIVE_PERIOD_SAMPLES));
  const babble = new Babble(random);
  const noise = new Float32Array(LIVE_PERIOD_SAMPLES);
  for (let at = 0; at < noise.length; at += LIVE_PORTION_SAMPLES) {
    noise.set(babble.next(LIVE_PORTION_SAMPLES), at);
    await nextTurn();
  }
  return levelled(noise);
}

/** The blend of the settings for a stream; undefined for eta 0. @throws WinnowError `audio-...` */
export async function openBlend(settings: NoiseSettings): Promise<LiveBlend | undefined> {
  const { eta } = settings;
  if (eta === 0) return undefined;
  const noise = await livePeriod(settings);
  return {
    eta,
    noiseRms: NOISE_RMS,
    apply: (clean, position) => clean.map((sample, i) => (1 - eta) * sample + eta * noise[(position + i) % noise.length]!),
  };
}
