import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES, WINDOW_SAMPLES, type FeatureSpec } from '../../shared/features.js';

/** Samples reflected at each end of a clip by the `centred` framing: half a frame. */
export const CENTRED_REFLECTION_SAMPLES = 1024;

/**
 * The run of samples whose frames start every 512 samples from its first one.
 * - `stream`: 17,920 samples as they are; a clip of 16,000 gets 960 zeros on each side.
 * - `centred`: a clip of 16,000 reflected about its first and last sample (which are not repeated) by 1,024: 18,048 samples.
 * @throws RangeError for any other length
 */
export function frameRun(framing: FeatureSpec['framing'], samples: Float32Array): Float32Array {
  if (framing === 'stream' && samples.length === WINDOW_SAMPLES) return samples;
  if (samples.length !== CLIP_SAMPLES) throw new RangeError(`${samples.length} samples are no ${framing} clip`);
  const margin = framing === 'stream' ? CLIP_MARGIN_SAMPLES : CENTRED_REFLECTION_SAMPLES;
  const run = new Float32Array(CLIP_SAMPLES + 2 * margin);
  run.set(samples, margin);
  if (framing === 'centred') {
    for (let i = 1; i <= margin; i++) {
      run[margin - i] = samples[i]!;
      run[margin + CLIP_SAMPLES - 1 + i] = samples[CLIP_SAMPLES - 1 - i]!;
    }
  }
  return run;
}

/** A clip of any length as data sets use it: cut to one second, or padded with zeros at the end. */
export function fitClip(samples: Float32Array): Float32Array {
  if (samples.length === CLIP_SAMPLES) return samples;
  const clip = new Float32Array(CLIP_SAMPLES);
  clip.set(samples.subarray(0, CLIP_SAMPLES));
  return clip;
}
