import { LIVE_FEATURES, SAMPLE_RATE_HZ, type FeatureSpec } from '../../shared/features.js';
import { meydaBank, SPECTRUM_BINS } from './meyda.js';

const { frameLength, melBands } = LIVE_FEATURES;

/** Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above. */
const HZ_PER_LINEAR_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = LOG_START_HZ / HZ_PER_LINEAR_MEL;
const LOG_STEP = Math.log(6.4) / 27;

function hzToMel(hz: number): number {
  return hz < LOG_START_HZ ? hz / HZ_PER_LINEAR_MEL : LOG_START_MEL + Math.log(hz / LOG_START_HZ) / LOG_STEP;
}

function melToHz(mel: number): number {
  return mel < LOG_START_MEL ? mel * HZ_PER_LINEAR_MEL : LOG_START_HZ * Math.exp(LOG_STEP * (mel - LOG_START_MEL));
}

/**
 * The published bank, `[band][bin]`, 32 x 1025: triangles between 34 points evenly spaced on Slaney's scale from 0 to 8 kHz,
 * evaluated at the bins' exact frequencies, each with area 1 over frequency in Hz (height 2 / width).
 */
export function slaneyBank(): Float32Array {
  const top = hzToMel(SAMPLE_RATE_HZ / 2);
  const edges = Array.from({ length: melBands + 2 }, (_, i) => melToHz((top * i) / (melBands + 1)));
  const bank = new Float32Array(melBands * SPECTRUM_BINS);
  for (let band = 0; band < melBands; band++) {
    const low = edges[band]!;
    const centre = edges[band + 1]!;
    const high = edges[band + 2]!;
    for (let bin = 0; bin < SPECTRUM_BINS; bin++) {
      const hz = (bin * SAMPLE_RATE_HZ) / frameLength;
      const height = Math.max(0, Math.min((hz - low) / (centre - low), (high - hz) / (high - centre)));
      bank[band * SPECTRUM_BINS + bin] = (height * 2) / (high - low);
    }
  }
  return bank;
}

const banks = new Map<FeatureSpec['melBank'], Float32Array>();

/** The bank of a FeatureSpec, `[band][bin]`, 32 x 1025; shared, not to be written to. */
export function melBank(kind: FeatureSpec['melBank']): Float32Array {
  let bank = banks.get(kind);
  if (!bank) {
    bank = kind === 'meyda' ? meydaBank() : slaneyBank();
    banks.set(kind, bank);
  }
  return bank;
}
