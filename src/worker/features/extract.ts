import { LIVE_FEATURES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { frameRun } from './framing.js';
import { MelFrontEnd } from './mel.js';
import { SPECTRUM_BINS } from './meyda.js';
import { finishWindows, toDecibels } from './window.js';

const { frameLength, hop, melBands, frames } = LIVE_FEATURES;

/** What augmentation does to a clip's spectrogram, in this order. */
export interface SpectrogramChange {
  /** Time-stretch rate: above 1 is faster and shorter. */
  readonly stretch: number;
  /** Frames that the content is moved later (negative: earlier). */
  readonly shift: number;
}

/**
 * Where each of the 32 output frames comes from after stretching by `rate`, moving by `shift` and fixing the length to 32:
 * the time in the original spectrogram, in frames, or -1 for a frame of zeros.
 *
 * A phase vocoder reads the spectrogram at times 0, rate, 2 rate, ... and gives each new frame the magnitudes interpolated
 * linearly between its two neighbours (zeros after the last frame); the phases that it also makes do not matter to mel power,
 * so none are made. Moving keeps the stretched length: what leaves it is lost, as is what comes from outside.
 */
export function frameSources(rate: number, shift: number): Float64Array {
  const stretched = Math.ceil(frames / rate);
  return Float64Array.from({ length: frames }, (_, frame) => {
    const from = frame - shift;
    return frame < stretched && from >= 0 && from < stretched ? from * rate : -1;
  });
}

/** One window at a time, through Meyda; the numeric truth of the features. */
export class WindowExtractor {
  private readonly frontEnd: MelFrontEnd;
  private readonly column = new Float32Array(melBands);
  private readonly mel = new Float32Array(WINDOW_VALUES);

  constructor(private readonly spec: FeatureSpec) {
    this.frontEnd = new MelFrontEnd(spec.melBank);
  }

  /**
   * @param samples 16,000 (a clip), or for `stream` framing 17,920 (a clip with its margins)
   * @returns `[band][frame]`, 32 x 32, in dB, not standardised
   */
  decibels(samples: Float32Array, change?: SpectrogramChange): Float32Array {
    const run = frameRun(this.spec.framing, samples);
    if (change && (change.stretch !== 1 || change.shift !== 0)) this.changed(run, change);
    else this.plain(run);
    const out = new Float32Array(WINDOW_VALUES);
    toDecibels(this.mel, this.spec.floorDb, out);
    return out;
  }

  /** What the network takes: dB, standardised where the spec says so. */
  window(samples: Float32Array): Float32Array {
    return finishWindows(this.spec, this.decibels(samples));
  }

  private plain(run: Float32Array): void {
    for (let frame = 0; frame < frames; frame++) {
      this.frontEnd.power(run.subarray(frame * hop, frame * hop + frameLength), this.column);
      this.place(frame);
    }
  }

  private changed(run: Float32Array, change: SpectrogramChange): void {
    const spectra: Float32Array[] = [];
    for (let frame = 0; frame < frames; frame++) {
      spectra.push(this.frontEnd.amplitude(run.subarray(frame * hop, frame * hop + frameLength)));
    }
    const mixed = new Float32Array(SPECTRUM_BINS - 1);
    frameSources(change.stretch, change.shift).forEach((time, frame) => {
      const before = spectra[Math.floor(time)];
      const after = spectra[Math.floor(time) + 1];
      const share = time - Math.floor(time);
      for (let bin = 0; bin < mixed.length; bin++) {
        mixed[bin] = (1 - share) * (before?.[bin] ?? 0) + share * (after?.[bin] ?? 0);
      }
      if (time < 0) mixed.fill(0);
      this.frontEnd.weigh(mixed, this.column);
      this.place(frame);
    });
  }

  private place(frame: number): void {
    for (let band = 0; band < melBands; band++) this.mel[band * frames + frame] = this.column[band]!;
  }
}
