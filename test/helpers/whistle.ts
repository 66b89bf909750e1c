import { Random } from '../../src/worker/training/random.js';

const RATE_HZ = 16_000;

/** A whistle as people whistle for a dog: up and down again, never twice the same; with half a second of room on each side. */
export function whistle(seed: number): Float32Array {
  const random = new Random(seed);
  const low = random.uniform(900, 1100);
  const high = random.uniform(1900, 2300);
  const length = Math.round(random.uniform(0.45, 0.6) * RATE_HZ);
  let phase = 0;
  return Float32Array.from({ length: length + RATE_HZ }, (_, i) => {
    const part = (i - RATE_HZ / 2) / length;
    if (part < 0 || part >= 1) return random.uniform(-0.002, 0.002);
    phase += (2 * Math.PI * (low + (high - low) * Math.sin(Math.PI * part))) / RATE_HZ;
    return 0.4 * Math.sqrt(Math.sin(Math.PI * part)) * Math.sin(phase) + random.uniform(-0.002, 0.002);
  });
}
