import { describe, expect, it } from 'vitest';
import { CLIP_SAMPLES, LIVE_FEATURES, WINDOW_SAMPLES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { loadNative } from '../network/native-loader.js';
import { melBank } from './bank.js';
import { createBatchExtractor } from './batch.js';
import { WindowExtractor } from './extract.js';
import { SYNTHESISED_SOUNDS, synthesise } from './synthesised-sounds.js';

const native = loadNative().engine;
const AGREEMENT_DB = 0.01;

const SPECS: FeatureSpec[] = (['meyda', 'slaney'] as const).flatMap((melBank) =>
  (['stream', 'centred'] as const).map((framing) => ({ ...LIVE_FEATURES, melBank, framing })),
);

/** Largest difference where either value is above the floor. */
function difference(a: Float32Array, b: Float32Array, floorDb: number): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > -floorDb || b[i]! > -floorDb) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  }
  return worst;
}

function clips(samplesPerClip: number): Float32Array {
  const all = new Float32Array(SYNTHESISED_SOUNDS.length * samplesPerClip);
  SYNTHESISED_SOUNDS.forEach((sound, i) => all.set(synthesise(sound, samplesPerClip), i * samplesPerClip));
  return all;
}

describe.skipIf(!native)('the native extractor', () => {
  for (const spec of SPECS) {
    it(`agrees with Meyda: ${spec.melBank}, ${spec.framing}`, () => {
      const count = SYNTHESISED_SOUNDS.length;
      const samples = clips(CLIP_SAMPLES);
      const fast = createBatchExtractor(spec, native).extract(samples, count, CLIP_SAMPLES);
      const truth = createBatchExtractor(spec, null).extract(samples, count, CLIP_SAMPLES);
      SYNTHESISED_SOUNDS.forEach((sound, i) => {
        const at = [i * WINDOW_VALUES, (i + 1) * WINDOW_VALUES] as const;
        expect.soft(difference(fast.subarray(...at), truth.subarray(...at), spec.floorDb), sound).toBeLessThan(AGREEMENT_DB);
      });
    });

    it(`stretches and moves as Meyda's path does: ${spec.melBank}, ${spec.framing}`, () => {
      const changes = [
        { stretch: 0.8, shift: 0 },
        { stretch: 1.2, shift: 0 },
        { stretch: 1, shift: 8 },
        { stretch: 1, shift: -8 },
        { stretch: 0.83, shift: 5 },
        { stretch: 1.17, shift: -7 },
      ];
      const samples = new Float32Array(changes.length * CLIP_SAMPLES);
      changes.forEach((_, i) => samples.set(synthesise('voice', CLIP_SAMPLES), i * CLIP_SAMPLES));
      const options = {
        stretch: Float32Array.from(changes, (c) => c.stretch),
        shift: Int32Array.from(changes, (c) => c.shift),
      };
      const fast = createBatchExtractor(spec, native).extract(samples, changes.length, CLIP_SAMPLES, options);
      const truth = createBatchExtractor(spec, null).extract(samples, changes.length, CLIP_SAMPLES, options);
      expect(difference(fast, truth, spec.floorDb)).toBeLessThan(AGREEMENT_DB);
    });
  }

  it('takes clips that bring their own margins', () => {
    const samples = clips(WINDOW_SAMPLES);
    const count = SYNTHESISED_SOUNDS.length;
    const fast = createBatchExtractor(LIVE_FEATURES, native).extract(samples, count, WINDOW_SAMPLES);
    const truth = createBatchExtractor(LIVE_FEATURES, null).extract(samples, count, WINDOW_SAMPLES);
    expect(difference(fast, truth, LIVE_FEATURES.floorDb)).toBeLessThan(AGREEMENT_DB);
  });

  it('gives the same bits for any number of threads', () => {
    const samples = clips(CLIP_SAMPLES);
    const extractor = createBatchExtractor(LIVE_FEATURES, native);
    const one = extractor.extract(samples, SYNTHESISED_SOUNDS.length, CLIP_SAMPLES, { threads: 1 });
    const three = extractor.extract(samples, SYNTHESISED_SOUNDS.length, CLIP_SAMPLES, { threads: 3 });
    expect(three).toEqual(one);
  });

  it('agrees on every instruction set of this machine', () => {
    const samples = clips(CLIP_SAMPLES);
    const truth = createBatchExtractor(LIVE_FEATURES, null).extract(samples, SYNTHESISED_SOUNDS.length, CLIP_SAMPLES);
    for (const isa of native!.info().available) {
      const extractor = new native!.Extractor(LIVE_FEATURES, melBank('meyda'), { isa });
      const fast = extractor.extract(samples, SYNTHESISED_SOUNDS.length, CLIP_SAMPLES);
      expect(difference(fast, truth, LIVE_FEATURES.floorDb), isa).toBeLessThan(AGREEMENT_DB);
    }
  });

  it('refuses what is no clip', () => {
    const extractor = new native!.Extractor(LIVE_FEATURES, melBank('meyda'));
    expect(() => extractor.extract(new Float32Array(100), 1, 100)).toThrow(/16000/);
    expect(() => extractor.extract(new Float32Array(CLIP_SAMPLES), 2, CLIP_SAMPLES)).toThrow(/count/);
    expect(() => extractor.extract(new Float32Array(CLIP_SAMPLES), 1, CLIP_SAMPLES, { stretch: new Float32Array(1) })).toThrow(
      /stretch/,
    );
    expect(() => new native!.Extractor(LIVE_FEATURES, new Float32Array(3))).toThrow(/1025/);
  });
});

describe('createBatchExtractor', () => {
  it('refuses sizes that do not fit together, with and without the engine', () => {
    for (const engine of [null, native]) {
      const extractor = createBatchExtractor({ ...LIVE_FEATURES, framing: 'centred' }, engine);
      expect(() => extractor.extract(new Float32Array(WINDOW_SAMPLES), 1, WINDOW_SAMPLES)).toThrow(RangeError);
      expect(() => extractor.extract(new Float32Array(CLIP_SAMPLES), 2, CLIP_SAMPLES)).toThrow(RangeError);
      expect(() =>
        extractor.extract(new Float32Array(CLIP_SAMPLES), 1, CLIP_SAMPLES, { stretch: Float32Array.of(Number.NaN) }),
      ).toThrow(RangeError);
    }
  });

  it('moves content to later frames for positive shifts', () => {
    const extractor = new WindowExtractor(LIVE_FEATURES);
    const clip = synthesise('click', CLIP_SAMPLES);
    const still = extractor.decibels(clip);
    const moved = extractor.decibels(clip, { stretch: 1, shift: 3 });
    for (let band = 0; band < 32; band++) {
      for (let frame = 3; frame < 32; frame++) expect(moved[band * 32 + frame]).toBeCloseTo(still[band * 32 + frame - 3]!, 3);
    }
  });
});
