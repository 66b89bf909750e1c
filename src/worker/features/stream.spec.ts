import { describe, expect, it } from 'vitest';
import { LIVE_FEATURES, WINDOW_SAMPLES } from '../../shared/features.js';
import { WindowExtractor } from './extract.js';
import { FeatureStream } from './stream.js';
import { synthesise } from './synthesised-sounds.js';

const HOP = LIVE_FEATURES.hop;

function feed(stream: FeatureStream, samples: Float32Array): void {
  for (let at = 0; at + HOP <= samples.length; at += HOP) stream.push(samples.subarray(at, at + HOP));
}

describe('FeatureStream', () => {
  for (const melBank of ['meyda', 'slaney'] as const) {
    it(`gives the windows that the extractor gives at each place of the stream: ${melBank}`, () => {
      const samples = synthesise('voice', 30_000);
      const stream = new FeatureStream(melBank);
      const spec = { ...LIVE_FEATURES, melBank, standardise: true };
      const extractor = new WindowExtractor(spec);
      let windows = 0;
      for (let at = 0; at + HOP <= samples.length; at += HOP) {
        const made = stream.push(samples.subarray(at, at + HOP));
        expect(made).toBe(at >= 3 * HOP);
        expect(stream.ready).toBe(at + HOP >= WINDOW_SAMPLES);
        if (!stream.ready || windows++ % 8 !== 0) continue;
        expect(stream.window(spec)).toEqual(extractor.window(samples.slice(at + HOP - WINDOW_SAMPLES, at + HOP)));
      }
      expect(windows).toBeGreaterThan(8);
    });
  }

  it('starts again after a reset', () => {
    const stream = new FeatureStream('meyda');
    feed(stream, synthesise('noise', WINDOW_SAMPLES));
    expect(stream.ready).toBe(true);
    stream.reset();
    expect(stream.columns).toBe(0);
    expect(() => stream.window(LIVE_FEATURES)).toThrow(RangeError);
    const voice = synthesise('voice', WINDOW_SAMPLES);
    feed(stream, voice);
    expect(stream.window(LIVE_FEATURES)).toEqual(new WindowExtractor(LIVE_FEATURES).window(voice));
  });

  it('shows a full-scale sine at about 0 dB in the band that hears it best', () => {
    for (const melBank of ['meyda', 'slaney'] as const) {
      const stream = new FeatureStream(melBank);
      feed(
        stream,
        Float32Array.from({ length: 2048 }, (_, i) => Math.sin((2 * Math.PI * 250 * i) / 16_000)),
      );
      const loudest = Math.max(...stream.columnDecibels());
      expect(Math.abs(loudest)).toBeLessThan(4);
    }
  });

  it('takes blocks of one hop only', () => {
    expect(() => new FeatureStream('meyda').push(new Float32Array(100))).toThrow(RangeError);
  });
});
