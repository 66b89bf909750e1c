import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionSettings } from '../../shared/contract.js';
import { HIGH_HZ, LOW_HZ, toneModel, toneSound } from '../../../test/helpers/tones.js';
import { LIVE_FEATURES, type FeatureSpec } from '../../shared/features.js';
import type { PcmBlock } from '../audio/recorder.js';
import type { Backend } from '../network/backend.js';
import { ReferenceBackend } from '../network/reference.js';
import { BLOCKS_WAITING_MAX, Recognizer, type Blend, type Spotted } from './recognizer.js';

const DECISION: DecisionSettings = {
  smoothingMs: 96,
  threshold: 0.7,
  patience: 2,
  patienceOf: 3,
  refractoryMs: 500,
  thresholds: {},
};
const tones = (features?: FeatureSpec): Backend => new ReferenceBackend(toneModel(features));

function* blocksOf(samples: Float32Array, lengths: (index: number) => number = () => 512): Generator<PcmBlock> {
  for (let at = 0, i = 0; at < samples.length; i++) {
    const length = Math.min(lengths(i), samples.length - at);
    yield { start: at, samples: samples.slice(at, at + length), lostBefore: 0 };
    at += length;
  }
}

function ears(backend: Backend, blend?: Blend) {
  const spotted: Spotted[] = [];
  const recognizer = new Recognizer([{ modelId: 'tones', backend }], DECISION, blend, { spotted: (s) => spotted.push(s) });
  return { recognizer, spotted };
}

const brief = ({ label, confidence, best, firedMs }: Spotted): unknown => ({
  label,
  confidence,
  centreMs: best.centreMs,
  firedMs,
});

const SCENE = toneSound(6, [
  [1.5, LOW_HZ],
  [3.5, HIGH_HZ],
]);

describe('the live path', () => {
  it('hears each tone once, at its place, with its sound', async () => {
    const { recognizer, spotted } = ears(tones());
    for (const block of blocksOf(SCENE)) await recognizer.process(block);
    await recognizer.finish();
    expect(spotted.map(({ label }) => label)).toEqual(['low', 'high']);
    for (const [i, middleMs] of [1750, 3750].entries()) {
      const { best, firedMs, confidence, audio } = spotted[i]!;
      expect(Math.abs(best.centreMs - middleMs)).toBeLessThan(200);
      // The end of a window lies 560 ms after its centre; the decision comes with the end of some window.
      expect(firedMs).toBeGreaterThanOrEqual(best.centreMs + 560);
      expect(confidence).toBeGreaterThanOrEqual(0.7);
      const start = Math.round(best.centreMs * 16) - 8000;
      expect(audio.clean).toEqual(SCENE.slice(start, start + 16_000));
    }
    expect(recognizer.counters).toMatchObject({ seconds: 6, blocks: 188, dropped: 0, lostSamples: 0 });
    expect(recognizer.models[0]!.layers[0]).toMatchObject({ name: 'output', size: 3, active: 3 });
  });

  it('gives the same detections whatever the length of the blocks, and whether they wait or not', async () => {
    const { recognizer, spotted } = ears(tones());
    for (const block of blocksOf(SCENE)) await recognizer.process(block);
    await recognizer.finish();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 9 }),
        fc.boolean(),
        async (n, wait) => {
          const other = ears(tones());
          for (const block of blocksOf(SCENE, (i) => n[i % n.length]!)) {
            if (wait) {
              await other.recognizer.process(block);
            } else {
              other.recognizer.offer(block);
              await other.recognizer.idle();
            }
          }
          await other.recognizer.finish();
          expect(other.spotted.map(brief)).toEqual(spotted.map(brief));
          expect(other.recognizer.counters.dropped).toBe(0);
        },
      ),
      { seed: 4, numRuns: 4 },
    );
  });

  it('hears the first and the last word of a recording, and the one of a clip of one second', async () => {
    const scenes = [toneSound(3, [[2.4, LOW_HZ]]), toneSound(3, [[0.05, LOW_HZ]]), toneSound(1, [[0.25, LOW_HZ]])];
    for (const [i, middleMs] of [2650, 300, 500].entries()) {
      const spotted: Spotted[] = [];
      const events = { spotted: (s: Spotted) => void spotted.push(s) };
      const recognizer = new Recognizer([{ modelId: 'tones', backend: tones() }], DECISION, undefined, events, true);
      for (const block of blocksOf(scenes[i]!)) await recognizer.process(block);
      await recognizer.finish();
      expect(spotted.map(({ label }) => label)).toEqual(['low']);
      expect(Math.abs(spotted[0]!.best.centreMs - middleMs)).toBeLessThan(200);
    }
  });

  it('keeps stream time across lost samples, and counts them', async () => {
    const { recognizer, spotted } = ears(tones());
    for (const block of blocksOf(SCENE)) {
      // 100 ms are lost between the tones.
      const lost = 1600;
      const moved = block.start >= 48_000 ? { ...block, start: block.start + lost, lostBefore: 0 } : block;
      await recognizer.process({ ...moved, lostBefore: block.start === 48_128 ? lost : 0 });
    }
    await recognizer.finish();
    expect(spotted.map(({ label }) => label)).toEqual(['low', 'high']);
    expect(Math.abs(spotted[1]!.best.centreMs - 3850)).toBeLessThan(200);
    expect(recognizer.counters).toMatchObject({ lostSamples: 1600, seconds: 6.1, dropped: 0 });
  });

  it('drops and counts what the engine cannot keep up with, and hears rightly afterwards', async () => {
    const real = tones();
    let release: () => void = () => undefined;
    let blocked = new Promise<void>((resolve) => (release = resolve));
    const slow: Backend = {
      kind: real.kind,
      detail: real.detail,
      model: real.model,
      infer: async (...args) => {
        await blocked;
        return real.infer(...args);
      },
      close: () => real.close(),
    };
    const { recognizer, spotted } = ears(slow);
    const blocks = [...blocksOf(SCENE)];
    const stalled = 35 + 10 + BLOCKS_WAITING_MAX;
    for (const block of blocks.slice(0, stalled)) {
      recognizer.offer(block);
      // Lets the engine take the first 35 blocks, which need no inference.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { dropped } = recognizer.counters;
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThanOrEqual(10);
    release();
    blocked = Promise.resolve();
    await recognizer.idle();
    for (const block of blocks.slice(stalled)) await recognizer.process(block);
    await recognizer.finish();
    expect(recognizer.counters).toMatchObject({ blocks: blocks.length, dropped });
    const high = spotted.find(({ label }) => label === 'high')!;
    expect(Math.abs(high.best.centreMs - 3750)).toBeLessThan(200);
  });

  it('lets every model hear the same noisy sound, and measures the noise against the clean one', async () => {
    const blend: Blend = {
      eta: 0.5,
      noiseRms: 0.5,
      apply: (clean, position) => clean.map((sample, i) => 0.5 * sample + 0.25 * ((position + i) % 2 === 0 ? 1 : -1)),
    };
    const scores = new Map<string, number[][]>();
    const recognizer = new Recognizer(
      [
        { modelId: 'a', backend: tones() },
        { modelId: 'b', backend: tones() },
        { modelId: 'slaney', backend: tones({ ...LIVE_FEATURES, melBank: 'slaney' }) },
      ],
      DECISION,
      blend,
      { scored: (id, window) => void scores.set(id, [...(scores.get(id) ?? []), [...window.scores]]) },
    );
    for (const block of blocksOf(SCENE)) await recognizer.process(block);
    expect(scores.get('a')).toHaveLength(187 - 34);
    expect(scores.get('b')).toEqual(scores.get('a'));
    expect(scores.get('slaney')).toHaveLength(187 - 34);
    const rms = recognizer.level.rms;
    expect(recognizer.snrDb).toBeCloseTo(20 * Math.log10(rms / 0.5), 6);
    const { firstColumn, columns } = recognizer.columns.from(0);
    expect([firstColumn, columns.length]).toEqual([0, 187 - 3]);
  });

  it('reports a back end that fails once, and goes quiet', async () => {
    const real = tones();
    const failures: unknown[] = [];
    const broken: Backend = {
      ...real,
      kind: real.kind,
      detail: '',
      model: real.model,
      close: () => real.close(),
      infer: () => Promise.reject(new Error('gone')),
    };
    const recognizer = new Recognizer([{ modelId: 'a', backend: broken }], DECISION, undefined, {
      failed: (e) => failures.push(e),
    });
    for (const block of blocksOf(SCENE)) recognizer.offer(block);
    await recognizer.idle();
    for (const block of blocksOf(SCENE)) await recognizer.process(block);
    await recognizer.finish();
    expect(failures).toEqual([new Error('gone')]);
  });
});
