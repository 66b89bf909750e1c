import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { Random } from '../training/random.js';
import { gaussianNoise } from './noise-colours.js';

/** A quiet room: -66 dB. Digital silence would be something that no microphone gives. */
const ROOM_RMS = 0.0005;
const ROOM_SEED = 1;

export interface Strung {
  readonly sound: Float32Array;
  /** Stream time of each clip's middle. */
  readonly middlesMs: readonly number[];
}

/** Clips in a row in a quiet room, with a pause before, between and after them. */
export function strungTogether(clips: readonly Float32Array[], pauseSamples: number): Strung {
  const length = clips.reduce((sum, clip) => sum + clip.length + pauseSamples, pauseSamples);
  const sound = gaussianNoise(new Random(ROOM_SEED), length).map((sample) => ROOM_RMS * sample);
  const middlesMs: number[] = [];
  let at = pauseSamples;
  for (const clip of clips) {
    for (let i = 0; i < clip.length; i++) sound[at + i] = Math.max(-1, Math.min(1, sound[at + i]! + clip[i]!));
    middlesMs.push(((at + clip.length / 2) / SAMPLE_RATE_HZ) * 1000);
    at += clip.length + pauseSamples;
  }
  return { sound, middlesMs };
}
