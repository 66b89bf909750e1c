import { SAMPLE_RATE_HZ } from '../../shared/features.js';

/** Stretch of sound whose level counts as the background's when it is the quietest one. */
const STRETCH_SAMPLES = SAMPLE_RATE_HZ / 10;
const SEED = 0x77696e6e;

/**
 * How a recording might go on beyond one of its ends: white noise at the level of its quietest tenth of a second. An edge into
 * digital silence would be an event of its own, louder to a network than any word.
 * @param beside the sound of the recording at that end
 */
export function quietBeside(beside: Float32Array, samples: number): Float32Array {
  const stretch = Math.min(STRETCH_SAMPLES, beside.length);
  let quietest = Infinity;
  for (let at = 0; stretch > 0 && at + stretch <= beside.length; at += stretch) {
    let energy = 0;
    for (let i = at; i < at + stretch; i++) energy += beside[i]! * beside[i]!;
    quietest = Math.min(quietest, energy / stretch);
  }
  const amplitude = Number.isFinite(quietest) ? Math.sqrt(3 * quietest) : 0;
  let state = SEED;
  return Float32Array.from({ length: samples }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return amplitude * (state / 2 ** 31 - 1);
  });
}
