import { CLIP_SAMPLES, WINDOW_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import type { NativeEngine } from '../network/native.js';
import { melBank } from './bank.js';
import { WindowExtractor } from './extract.js';

export interface BatchOptions {
  /** Time-stretch rate by clip; 1 is none. */
  readonly stretch?: Float32Array;
  /** Frames by clip that the spectrogram is moved later (negative: earlier), zero-filled. */
  readonly shift?: Int32Array;
  /** Native threads; all cores unless told. */
  readonly threads?: number;
}

/** Features of many clips at once. */
export interface BatchExtractor {
  readonly kind: 'native' | 'meyda';
  readonly spec: FeatureSpec;
  /**
   * @param samples `[clip][samplesPerClip]`; `samplesPerClip` is 16,000, or for `stream` framing 17,920 (margins included)
   * @returns `[clip][band][frame]` in dB, not standardised (see `finishWindows`)
   */
  extract(samples: Float32Array, count: number, samplesPerClip: number, options?: BatchOptions): Float32Array;
}

/** Rates outside would empty the window or read it many times over. */
const STRETCH_MIN = 0.25;
const STRETCH_MAX = 4;

function check(spec: FeatureSpec, samples: Float32Array, count: number, samplesPerClip: number, options: BatchOptions): void {
  const sized = samplesPerClip === CLIP_SAMPLES || (spec.framing === 'stream' && samplesPerClip === WINDOW_SAMPLES);
  if (!sized) throw new RangeError(`${samplesPerClip} samples are no ${spec.framing} clip`);
  if (samples.length !== count * samplesPerClip) throw new RangeError(`${count} clips have not ${samples.length} samples`);
  for (const list of [options.stretch, options.shift]) {
    if (list && list.length !== count) throw new RangeError(`${list.length} changes for ${count} clips`);
  }
  if (options.stretch?.some((rate) => !(rate >= STRETCH_MIN && rate <= STRETCH_MAX))) {
    throw new RangeError(`stretch rates lie between ${STRETCH_MIN} and ${STRETCH_MAX}`);
  }
}

/** The native extractor where the engine is built, else the same through Meyda, one clip after another (about 10 ms each). */
export function createBatchExtractor(spec: FeatureSpec, native: NativeEngine | null): BatchExtractor {
  if (native) {
    const extractor = new native.Extractor(spec, melBank(spec.melBank));
    return {
      kind: 'native',
      spec,
      extract(samples, count, samplesPerClip, options = {}) {
        check(spec, samples, count, samplesPerClip, options);
        return extractor.extract(samples, count, samplesPerClip, options);
      },
    };
  }
  const extractor = new WindowExtractor(spec);
  return {
    kind: 'meyda',
    spec,
    extract(samples, count, samplesPerClip, options = {}) {
      check(spec, samples, count, samplesPerClip, options);
      const out = new Float32Array(count * WINDOW_VALUES);
      for (let clip = 0; clip < count; clip++) {
        const change = { stretch: options.stretch?.[clip] ?? 1, shift: options.shift?.[clip] ?? 0 };
        const window = extractor.decibels(samples.subarray(clip * samplesPerClip, (clip + 1) * samplesPerClip), change);
        out.set(window, clip * WINDOW_VALUES);
      }
      return out;
    },
  };
}
