import { LIVE_FEATURES, type FeatureSpec } from '../../shared/features.js';
import { melBank } from './bank.js';
import { hannSpectrum, meydaMelPower, plainSpectrum, SPECTRUM_BINS } from './meyda.js';

const { frameLength, melBands } = LIVE_FEATURES;

/** Hann with period `frameLength` (first sample 0, last one not), as the published features have it. */
const periodicHann = Float64Array.from({ length: frameLength }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frameLength));

/** Rows of a bank without the zeros at their ends. */
interface BandRow {
  readonly first: number;
  readonly weights: Float32Array;
}

function rows(bank: Float32Array): BandRow[] {
  return Array.from({ length: melBands }, (_, band) => {
    const row = bank.subarray(band * SPECTRUM_BINS, (band + 1) * SPECTRUM_BINS);
    let first = 0;
    while (first < row.length && row[first] === 0) first++;
    let end = row.length;
    while (end > first && row[end - 1] === 0) end--;
    return { first, weights: row.slice(first, end) };
  });
}

/** One frame of sound to mel power, by the window and bank of a FeatureSpec: Meyda's both, or periodic Hann and Slaney's bank. */
export class MelFrontEnd {
  private readonly rows: readonly BandRow[];
  private readonly windowed = new Float32Array(frameLength);

  constructor(private readonly kind: FeatureSpec['melBank']) {
    this.rows = rows(melBank(kind));
  }

  /** Mel power (unscaled |FFT|^2 weighted by the bank) of 2048 samples into 32 values. */
  power(frame: Float32Array, out: Float32Array): void {
    if (this.kind === 'meyda') meydaMelPower(frame, out);
    else this.weigh(this.amplitude(frame), out);
  }

  /** |FFT| of 2048 samples, bins 0..1023. */
  amplitude(frame: Float32Array): Float32Array {
    if (this.kind === 'meyda') return hannSpectrum(frame);
    for (let i = 0; i < frameLength; i++) this.windowed[i] = frame[i]! * periodicHann[i]!;
    return plainSpectrum(this.windowed);
  }

  /** Mel power of an amplitude spectrum. */
  weigh(amplitude: Float32Array, out: Float32Array): void {
    for (let band = 0; band < melBands; band++) {
      const { first, weights } = this.rows[band]!;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        const a = amplitude[first + i] ?? 0;
        sum += weights[i]! * a * a;
      }
      out[band] = sum;
    }
  }
}
