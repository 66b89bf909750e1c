/** The figures of the live sound and its features that every process needs, the page included: plain numbers, no schemas. */

/** Sound everywhere in Winnow after the recorder: mono, this many samples per second. */
export const SAMPLE_RATE_HZ = 16_000;
/** Samples per frame, and of its Fourier transform. */
export const FRAME_SAMPLES = 2048;
/** Samples from one frame's start to the next one's. */
export const HOP_SAMPLES = 512;
export const MEL_BANDS = 32;
