import { LIVE_FEATURES, WINDOW_VALUES, type FeatureSpec, type ScaledWindow } from '../../shared/features.js';
import { melBank } from './bank.js';
import { MelFrontEnd } from './mel.js';
import { finishWindows, POWER_MIN, spreadOf } from './window.js';

const { frameLength, hop, melBands, frames } = LIVE_FEATURES;

/**
 * The live features: takes the stream in blocks of one hop and makes one mel column per block, as soon as the first frame is
 * full. Column i covers samples [512 i, 512 i + 2048) since the start or the last `reset`. Models that differ only in floor
 * or standardisation share one stream.
 */
export class FeatureStream {
  private readonly frontEnd: MelFrontEnd;
  private readonly frame = new Float32Array(frameLength);
  private readonly column = new Float32Array(melBands);
  /** `[band][frame]` of the last 32 columns, oldest first, in dB; 0 is a power of one. */
  private readonly levels = new Float64Array(WINDOW_VALUES);
  /** What a full-scale sine gives in the band that hears it best. */
  private readonly fullScaleDb: number;
  private blocks = 0;

  constructor(melBankKind: FeatureSpec['melBank']) {
    this.frontEnd = new MelFrontEnd(melBankKind);
    const weight = melBank(melBankKind).reduce((a, b) => Math.max(a, b), 0);
    this.fullScaleDb = 10 * Math.log10(weight * (frameLength / 4) ** 2);
  }

  /** Columns made since the start or the last reset. */
  get columns(): number {
    return Math.max(0, this.blocks - (frameLength / hop - 1));
  }

  /** Whether 32 columns are there. */
  get ready(): boolean {
    return this.columns >= frames;
  }

  /** After lost samples: frames must not span the gap. */
  reset(): void {
    this.blocks = 0;
    this.frame.fill(0);
    this.levels.fill(0);
  }

  /** @returns whether a new column was made */
  push(block: Float32Array): boolean {
    if (block.length !== hop) throw new RangeError(`a block has ${hop} samples, not ${block.length}`);
    this.frame.copyWithin(0, hop);
    this.frame.set(block, frameLength - hop);
    this.blocks++;
    if (this.columns === 0) return false;
    this.frontEnd.power(this.frame, this.column);
    for (let band = 0; band < melBands; band++) {
      const row = band * frames;
      this.levels.copyWithin(row, row + 1, row + frames);
      this.levels[row + frames - 1] = decibels(this.column[band]!);
    }
    return true;
  }

  /** The newest column in dB, absolute: 0 dB is about what a full-scale sine gives. */
  columnDecibels(): number[] {
    return Array.from(this.column, (power) => decibels(power) - this.fullScaleDb);
  }

  /** The current window as the network of `spec` takes it, `[band][frame]`. Only when `ready`. */
  window(spec: FeatureSpec, out = new Float32Array(WINDOW_VALUES)): Float32Array {
    const largest = this.largest();
    for (let i = 0; i < out.length; i++) out[i] = Math.max(this.levels[i]! - largest, -spec.floorDb);
    return finishWindows(spec, out);
  }

  /** The same window with its scaling apart. Only when `ready`. */
  scaledWindow(spec: FeatureSpec): ScaledWindow {
    const largest = this.largest();
    const values = Float32Array.from(this.levels, (level) => Math.max(level, largest - spec.floorDb));
    if (!spec.standardise) return { values, factor: 1, offset: -largest };
    const { mean, deviation } = spreadOf(values);
    return { values, factor: 1 / deviation, offset: -mean / deviation };
  }

  private largest(): number {
    if (!this.ready) throw new RangeError('the window is not full yet');
    return this.levels.reduce((a, b) => Math.max(a, b));
  }
}

function decibels(power: number): number {
  return 10 * Math.log10(Math.max(power, POWER_MIN));
}
