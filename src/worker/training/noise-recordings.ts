import { CLIP_SAMPLES, SAMPLE_RATE_HZ } from '../../shared/features.js';
import { decodeSoundFile } from '../audio/decode.js';
import type { Listing } from './dataset.js';
import type { Split } from './hash-split.js';
import type { Random } from './random.js';

/** Of one recording; the rest of a longer one is left out. */
const RECORDING_SECONDS_MAX = 600;
/** Stretches quieter than this count as digital silence and are not used as noise. */
const RMS_MIN = 1e-5;
/** Draws until a stretch has sound: recordings are often padded with digital silence. */
const STRETCH_ATTEMPTS = 16;

/** The background recordings of one part of the data, in memory. */
export class NoiseRecordings {
  private readonly total: number;

  constructor(readonly recordings: readonly Float32Array[]) {
    this.total = recordings.reduce((sum, recording) => sum + recording.length, 0);
  }

  static async load(listing: Listing, split: Split): Promise<NoiseRecordings> {
    const recordings: Float32Array[] = [];
    for (const file of listing.noise) {
      if (file.split !== split) continue;
      const samples = (await decodeSoundFile(file.path)).subarray(0, RECORDING_SECONDS_MAX * SAMPLE_RATE_HZ);
      if (samples.length >= CLIP_SAMPLES) recordings.push(samples);
    }
    return new NoiseRecordings(recordings);
  }

  get isEmpty(): boolean {
    return this.recordings.length === 0;
  }

  /**
   * A stretch of `length` samples: half of the time from any recording with the same chance, half of the time from any second
   * with the same chance, so that neither one long recording nor many short ones rule. Short recordings repeat.
   */
  stretch(random: Random, length: number, out: Float32Array): void {
    for (let attempt = 0; attempt < STRETCH_ATTEMPTS; attempt++) {
      const recording = this.pick(random);
      const start = random.integer(0, Math.max(0, recording.length - length));
      for (let i = 0; i < length; i++) out[i] = recording[(start + i) % recording.length]!;
      if (rms(out) >= RMS_MIN) return;
    }
  }

  /** Every whole `length` of every recording, one after another, without those of digital silence. */
  consecutive(length: number): Float32Array[] {
    const stretches: Float32Array[] = [];
    for (const recording of this.recordings) {
      for (let at = 0; at + length <= recording.length; at += length) {
        const stretch = recording.subarray(at, at + length);
        if (rms(stretch) >= RMS_MIN) stretches.push(stretch);
      }
    }
    return stretches;
  }

  private pick(random: Random): Float32Array {
    if (random.chance(0.5)) return this.recordings[random.integer(0, this.recordings.length - 1)]!;
    let sample = random.integer(0, this.total - 1);
    for (const recording of this.recordings) {
      if (sample < recording.length) return recording;
      sample -= recording.length;
    }
    return this.recordings.at(-1)!;
  }
}

export function rms(samples: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < samples.length; i++) squares += samples[i]! ** 2;
  return Math.sqrt(squares / samples.length);
}
