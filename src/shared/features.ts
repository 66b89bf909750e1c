import { z } from 'zod';
import { FRAME_SAMPLES, HOP_SAMPLES, MEL_BANDS, SAMPLE_RATE_HZ } from './sound.js';

export { SAMPLE_RATE_HZ };

/**
 * How sound becomes the network's input; stored in every model. The input is a matrix of `melBands` x `frames`, row-major
 * `[band][frame]`, in dB relative to the window's own maximum, or that standardised.
 */
export const FeatureSpec = z.strictObject({
  sampleRate: z.literal(SAMPLE_RATE_HZ),
  /** Samples per frame (also the FFT's length) and from one frame's start to the next one's. */
  frameLength: z.literal(FRAME_SAMPLES),
  hop: z.literal(HOP_SAMPLES),
  melBands: z.literal(MEL_BANDS),
  frames: z.literal(32),
  /**
   * `meyda`: Meyda's HTK-spaced bank without area normalisation, under its symmetric Hann window.
   * `slaney`: Slaney scale, area normalised, under a periodic Hann window, as published.
   */
  melBank: z.enum(['meyda', 'slaney']),
  /**
   * `stream`: frames lie on the stream's own grid, the window is 17,920 samples, a clip of 16,000 gets 960 samples on each
   * side. `centred`: the published framing, the clip of 16,000 samples reflected by 1,024 at both ends (training only).
   */
  framing: z.enum(['stream', 'centred']),
  /** 0 dB is the window's largest mel power. */
  reference: z.literal('windowMaximum'),
  /** Values lie in [-floorDb, 0] before standardisation. */
  floorDb: z.number().positive().max(200),
  /** (m - mean) / max(sd, 1 dB) over the window's values. */
  standardise: z.boolean(),
});
export type FeatureSpec = z.infer<typeof FeatureSpec>;

/**
 * A window whose scaling is still to be applied: the network's input is `factor x value + offset`. The values, `[band][frame]` in
 * absolute dB, do not depend on the window but where its floor cuts them off, so that consecutive windows share them.
 */
export interface ScaledWindow {
  readonly values: Float32Array;
  /** Positive. */
  readonly factor: number;
  readonly offset: number;
}

/** Samples of a `stream` window: the last frame starts 31 hops after the first. */
export const WINDOW_SAMPLES = FRAME_SAMPLES + 31 * HOP_SAMPLES;
/** Samples of a clip as data sets hold them: one second. */
export const CLIP_SAMPLES = SAMPLE_RATE_HZ;
/** Samples added on each side of a clip to make a window. */
export const CLIP_MARGIN_SAMPLES = (WINDOW_SAMPLES - CLIP_SAMPLES) / 2;
/** Values of one network input. */
export const WINDOW_VALUES = 32 * 32;

export const LIVE_FEATURES: FeatureSpec = {
  sampleRate: SAMPLE_RATE_HZ,
  frameLength: FRAME_SAMPLES,
  hop: HOP_SAMPLES,
  melBands: MEL_BANDS,
  frames: 32,
  melBank: 'meyda',
  framing: 'stream',
  reference: 'windowMaximum',
  floorDb: 80,
  standardise: false,
};
