/** Axis of the 32 mel bands between 0 Hz and half the sample rate: equally spaced on the HTK mel scale, as Meyda's bank is. */
import { FRAME_SAMPLES, HOP_SAMPLES, MEL_BANDS, SAMPLE_RATE_HZ } from '../../shared/sound.js';

export const BANDS = MEL_BANDS;
export const COLUMN_MS = (HOP_SAMPLES / SAMPLE_RATE_HZ) * 1000;
/** Stream time of the middle of column 0. */
export const FIRST_COLUMN_CENTRE_MS = (FRAME_SAMPLES / 2 / SAMPLE_RATE_HZ) * 1000;

const NYQUIST_HZ = SAMPLE_RATE_HZ / 2;

/** HTK: 2595 log10(1 + f / 700). */
function mel(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700);
}

/** Where `hz` lies among the bands: 0 is the lower edge of the picture (band 0), `BANDS` the upper one. */
export function bandPosition(hz: number): number {
  // Triangle i peaks at (i + 1) / (BANDS + 1) of the mel axis; a band's picture is one unit high around its peak.
  return (mel(hz) / mel(NYQUIST_HZ)) * (BANDS + 1) - 0.5;
}

/** The column whose middle lies nearest to a stream time. */
export function columnAt(streamMs: number): number {
  return Math.round((streamMs - FIRST_COLUMN_CENTRE_MS) / COLUMN_MS);
}
