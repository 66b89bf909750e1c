import { SAMPLE_RATE_HZ } from '../../shared/features.js';

/**
 * Sounds that follow from their definition alone, for tests and golden vectors: a chirp, a voice-like harmonic sweep with
 * pauses, a noise from a linear congruential generator, a click, a tone at one least significant bit, and silence.
 */
export const SYNTHESISED_SOUNDS = ['chirp', 'voice', 'noise', 'click', 'faint', 'silence'] as const;
export type SynthesisedSound = (typeof SYNTHESISED_SOUNDS)[number];

/** `length` samples at 16 kHz, quantised to 16 bits like a recording. */
export function synthesise(sound: SynthesisedSound, length: number): Float32Array {
  let state = 12345;
  const sample = (i: number): number => {
    const t = i / SAMPLE_RATE_HZ;
    switch (sound) {
      case 'chirp':
        return 0.5 * Math.sin(2 * Math.PI * (60 * t + 3800 * t * t));
      case 'voice': {
        const loud = Math.max(0, Math.sin(2 * Math.PI * 1.7 * t)) ** 2;
        let sum = 0;
        for (let n = 1; n <= 30; n++) sum += Math.sin(2 * Math.PI * n * (120 * t + 15 * Math.sin(3 * t))) / n ** 1.2;
        return 0.2 * loud * sum;
      }
      case 'noise':
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return 0.3 * (state / 2 ** 31 - 1);
      case 'click':
        return i === Math.floor(length / 3) ? 0.9 : 0;
      case 'faint':
        return Math.sin(2 * Math.PI * 700 * t) / 32768;
      case 'silence':
        return 0;
    }
  };
  return Float32Array.from({ length }, (_, i) => Math.round(sample(i) * 32768) / 32768);
}
