import { SAMPLE_RATE_HZ } from '../../shared/features.js';

/** Level is taken over the last second. */
const LEVEL_SAMPLES = SAMPLE_RATE_HZ;
/** A source that gives nothing but exact zeros for this long is muted or blocked: no room is that quiet. */
const ALL_ZERO_SAMPLES = 3 * SAMPLE_RATE_HZ;

/** How loud the clean input is. */
export class LevelMeter {
  private blocks: { length: number; energy: number; peak: number }[] = [];
  private samples = 0;
  private zeros = 0;

  add(block: Float32Array): void {
    let energy = 0;
    let peak = 0;
    for (const sample of block) {
      energy += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    this.zeros = peak === 0 ? this.zeros + block.length : 0;
    this.blocks.push({ length: block.length, energy, peak });
    this.samples += block.length;
    while (this.samples - this.blocks[0]!.length >= LEVEL_SAMPLES) this.samples -= this.blocks.shift()!.length;
  }

  /** Root mean square of the last second, 1 being full scale. */
  get rms(): number {
    if (this.samples === 0) return 0;
    return Math.sqrt(this.blocks.reduce((sum, block) => sum + block.energy, 0) / this.samples);
  }

  /** dB relative to full scale; null in digital silence. */
  get rmsDb(): number | null {
    return decibels(this.rms);
  }

  get peakDb(): number | null {
    return decibels(this.blocks.reduce((peak, block) => Math.max(peak, block.peak), 0));
  }

  get allZero(): boolean {
    return this.zeros >= ALL_ZERO_SAMPLES;
  }
}

/** 20 log10 of an amplitude; null for none. */
export function decibels(amplitude: number): number | null {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : null;
}

/**
 * Signal-to-noise ratio of the blend (1 - eta) signal + eta noise.
 * @returns null without noise, or without signal
 */
export function blendSnrDb(signalRms: number, noiseRms: number, eta: number): number | null {
  if (eta === 0 || signalRms === 0 || noiseRms === 0) return null;
  return decibels(((1 - eta) * signalRms) / (eta * noiseRms));
}
