import { LIVE_FEATURES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { melBank } from './bank.js';
import { MelFrontEnd } from './mel.js';
import { finishWindows, POWER_MIN, toDecibels } from './window.js';

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
  /** `[band][frame]` of the last 32 columns, oldest first. */
  private readonly mel = new Float32Array(WINDOW_VALUES);
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
    this.mel.fill(0);
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
      this.mel.copyWithin(row, row + 1, row + frames);
      this.mel[row + frames - 1] = this.column[band]!;
    }
    return true;
  }

  /** The newest column in dB, absolute: 0 dB is about what a full-scale sine gives. */
  columnDecibels(): number[] {
    return Array.from(this.column, (power) => 10 * Math.log10(Math.max(power, POWER_MIN)) - this.fullScaleDb);
  }

  /** The current window as the network of `spec` takes it, `[band][frame]`. Only when `ready`. */
  window(spec: FeatureSpec, out = new Float32Array(WINDOW_VALUES)): Float32Array {
    if (!this.ready) throw new RangeError('the window is not full yet');
    toDecibels(this.mel, spec.floorDb, out);
    return finishWindows(spec, out);
  }
}
