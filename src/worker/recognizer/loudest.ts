import { CLIP_SAMPLES, SAMPLE_RATE_HZ } from '../../shared/features.js';

/** Places that are compared: every 10 ms. */
const STEP_SAMPLES = SAMPLE_RATE_HZ / 100;

/**
 * Where the loudest second of a sound starts (most energy; of equal ones the first).
 * @param sound at least one second
 */
export function loudestSecond(sound: Float32Array): number {
  const energies: number[] = [];
  for (let at = 0; at < sound.length; at += STEP_SAMPLES) {
    let energy = 0;
    for (let i = at; i < Math.min(at + STEP_SAMPLES, sound.length); i++) energy += sound[i]! * sound[i]!;
    energies.push(energy);
  }
  const steps = CLIP_SAMPLES / STEP_SAMPLES;
  let best = 0;
  let bestSum = -1;
  for (let step = 0; (step + steps) * STEP_SAMPLES <= sound.length; step++) {
    let sum = 0;
    for (let i = step; i < step + steps; i++) sum += energies[i]!;
    if (sum > bestSum) [best, bestSum] = [step, sum];
  }
  return best * STEP_SAMPLES;
}
