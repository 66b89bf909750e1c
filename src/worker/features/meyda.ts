import Meyda from 'meyda';
import { LIVE_FEATURES, SAMPLE_RATE_HZ } from '../../shared/features.js';

/**
 * The only module that touches Meyda. Its object is global and its filter bank is built once, on the first extraction, from
 * whatever was set then; later changes give NaN, and fewer than 13 bands silently become 13. So a private copy is configured
 * whole before its first extraction and never again.
 */
const { frameLength, melBands } = LIVE_FEATURES;

/** Bins of a frame's spectrum, from 0 Hz to half the sample rate. Meyda leaves the last one out; every bank weighs it with 0. */
export const SPECTRUM_BINS = frameLength / 2 + 1;

interface ConfiguredMeyda {
  windowingFunction: string;
  melFilterBank?: number[][];
  extract(feature: 'melBands', frame: Float32Array): number[];
  extract(feature: 'amplitudeSpectrum', frame: Float32Array): Float32Array;
}

function configure(windowingFunction: 'hanning' | 'rect'): ConfiguredMeyda {
  const copy = { ...Meyda, bufferSize: frameLength, sampleRate: SAMPLE_RATE_HZ, melBands, windowingFunction };
  return copy as unknown as ConfiguredMeyda;
}

const hannMeyda = configure('hanning');
const plainMeyda = configure('rect');

function checkFrame(frame: Float32Array): void {
  if (frame.length !== frameLength) throw new RangeError(`a frame has ${frameLength} samples, not ${frame.length}`);
}

/**
 * Mel power of one frame of 2048 samples by Meyda's own `melBands`: symmetric Hann, |FFT|^2 unscaled, HTK-spaced triangles.
 * Meyda returns ln(1 + power), so power = exp(value) - 1.
 */
export function meydaMelPower(frame: Float32Array, out: Float32Array): void {
  checkFrame(frame);
  const logs = hannMeyda.extract('melBands', frame);
  for (let band = 0; band < melBands; band++) out[band] = Math.expm1(logs[band]!);
}

/** |FFT| of bins 0..1023 under Meyda's symmetric Hann window. */
export function hannSpectrum(frame: Float32Array): Float32Array {
  checkFrame(frame);
  return hannMeyda.extract('amplitudeSpectrum', frame);
}

/** |FFT| of bins 0..1023 of a frame that is windowed already. */
export function plainSpectrum(frame: Float32Array): Float32Array {
  checkFrame(frame);
  return plainMeyda.extract('amplitudeSpectrum', frame);
}

let bank: Float32Array | undefined;

/** Meyda's filter bank, taken from Meyda itself: `[band][bin]`, 32 x 1025. */
export function meydaBank(): Float32Array {
  if (bank) return bank;
  hannMeyda.extract('melBands', new Float32Array(frameLength));
  const rows = hannMeyda.melFilterBank;
  if (!rows || rows.length !== melBands || rows.some((row) => row.length !== SPECTRUM_BINS)) {
    throw new Error('Meyda built a filter bank of another shape than 32 x 1025');
  }
  bank = Float32Array.from(rows.flat());
  return bank;
}
