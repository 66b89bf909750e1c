import type { Random } from '../training/random.js';

/** Uniform in [-1, 1): rms 1/sqrt(3), as published. */
export function whiteNoise(random: Random, length: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = random.uniform(-1, 1);
  return out;
}

/** Normal with rms 1 (Box and Muller). */
export function gaussianNoise(random: Random, length: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < length) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/**
 * Power falling by 3 dB per octave: Paul Kellet's filter, a sum of first-order low-passes of white noise that stays within
 * 0.05 dB of the slope above 10 Hz (at 44.1 kHz; at 16 kHz above 4 Hz).
 */
export class PinkFilter {
  private readonly state = new Float64Array(7);

  next(white: number): number {
    const s = this.state;
    s[0] = 0.99886 * s[0]! + white * 0.0555179;
    s[1] = 0.99332 * s[1]! + white * 0.0750759;
    s[2] = 0.969 * s[2]! + white * 0.153852;
    s[3] = 0.8665 * s[3]! + white * 0.3104856;
    s[4] = 0.55 * s[4]! + white * 0.5329522;
    s[5] = -0.7616 * s[5]! - white * 0.016898;
    const pink = s[0]! + s[1]! + s[2]! + s[3]! + s[4]! + s[5]! + s[6]! + white * 0.5362;
    s[6] = white * 0.115926;
    return pink;
  }
}

/** The slowest low-pass of the filter has forgotten its start after so many samples. */
const PINK_SETTLING_SAMPLES = 8192;

export function pinkNoise(random: Random, length: number): Float32Array {
  const filter = new PinkFilter();
  for (let i = 0; i < PINK_SETTLING_SAMPLES; i++) filter.next(random.uniform(-1, 1));
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = filter.next(random.uniform(-1, 1));
  return out;
}
