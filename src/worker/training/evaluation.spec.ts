import { describe, expect, it } from 'vitest';
import { CLIP_SAMPLES, LIVE_FEATURES, WINDOW_VALUES } from '../../shared/features.js';
import { createBatchExtractor } from '../features/batch.js';
import { loadNative } from '../network/native-loader.js';
import {
  argmaxRows,
  evaluate,
  evaluationWindows,
  NOISE_ETAS,
  silenceItems,
  validate,
  type EvaluationItem,
} from './evaluation.js';
import { NoiseRecordings } from './noise-recordings.js';
import { Random } from './random.js';

const LABELS = ['_silence_', '_unknown_', 'yes', 'no'];
const extractor = createBatchExtractor(LIVE_FEATURES, loadNative().engine);

/** A tone in the middle of the clip. */
function tone(hertz: number): (out: Float32Array) => void {
  return (out) => {
    for (let i = 4000; i < 12_000; i++) out[i] = 0.4 * Math.sin((2 * Math.PI * hertz * i) / 16_000);
  };
}
const item = (key: string, target: number, hertz: number): EvaluationItem => ({ key, target, sound: tone(hertz) });
const ITEMS = [item('yes/a', 2, 3000), item('yes/b', 2, 3100), item('no/a', 3, 300), item('bird/a', 1, 300), item('s', 0, 3000)];

/** "yes" where the upper half of the bands is louder than the lower one, else "no": enough to count by hand. */
function byPitch(windows: Float32Array, count: number): Float32Array {
  const logits = new Float32Array(count * LABELS.length);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < WINDOW_VALUES; j++)
      logits[i * 4 + (j < WINDOW_VALUES / 2 ? 3 : 2)]! += windows[i * WINDOW_VALUES + j]! + 80;
  }
  return logits;
}

describe('evaluate', () => {
  it('scores known words, unknown words and silence apart', async () => {
    const base = { labels: LABELS, features: LIVE_FEATURES, items: ITEMS, extractor, logits: byPitch, seed: 1 };
    const result = await evaluate({ ...base, etas: [] });
    expect(result).toEqual({
      n: 3,
      accuracy: 1,
      noise: null,
      background: null,
      unknownAccuracy: 0,
      silenceAccuracy: 0,
      confusion: {
        labels: LABELS,
        counts: [
          [0, 0, 1, 0],
          [0, 0, 0, 1],
          [0, 0, 2, 0],
          [0, 0, 0, 1],
        ],
      },
    });
  });

  it('sums the noise score over eleven levels of the known words', async () => {
    const base = { labels: LABELS, features: LIVE_FEATURES, items: ITEMS, extractor, logits: byPitch, seed: 1 };
    const done: number[] = [];
    const { noise } = await evaluate({ ...base, etas: NOISE_ETAS, onProgress: (count, total) => done.push(count / total) });
    expect(noise!.eta).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]);
    expect(noise!.maxScore).toBe(33);
    expect(noise!.score).toBe(noise!.accuracy.reduce((sum, accuracy) => sum + Math.round(3 * accuracy), 0));
    expect(noise!.mean).toBe(noise!.score / 33);
    expect(noise!.accuracy[0]).toBe(1);
    expect(done.at(-1)).toBe(1);
  });

  it('judges the words amid background recordings: loud ones drown them, faint ones do not', async () => {
    const random = new Random(9);
    const recordings = new NoiseRecordings([Float32Array.from({ length: 40_000 }, () => random.uniform(-0.5, 0.5))]);
    const base = { labels: LABELS, features: LIVE_FEATURES, extractor, logits: byPitch, items: ITEMS, seed: 1, etas: [] };
    const amid = async (snrDb: number) => (await evaluate({ ...base, background: { recordings, snrDb } })).background!;
    expect(await amid(60)).toEqual({ snrDb: 60, accuracy: 1 });
    expect(await amid(-40)).toEqual(await amid(-40));
    expect((await amid(-40)).accuracy).toBeLessThan(1);
  });

  it('gives null where there is nothing to count', async () => {
    const base = { labels: LABELS, features: LIVE_FEATURES, extractor, logits: byPitch, seed: 1 };
    const result = await evaluate({ ...base, items: ITEMS.slice(3, 4), etas: NOISE_ETAS });
    expect(result).toMatchObject({ n: 0, accuracy: null, noise: null, unknownAccuracy: 0, silenceAccuracy: null });
  });
});

describe('evaluationWindows', () => {
  it('draws the noise of a clip from seed, clip and level alone', () => {
    const make = (items: EvaluationItem[], eta: number, seed: number) =>
      evaluationWindows(items, eta, seed, LIVE_FEATURES, extractor).slice(-WINDOW_VALUES);
    const [a, b] = [ITEMS[0]!, ITEMS[2]!];
    const alone = make([b], 0.2, 1);
    expect(make([a, b], 0.2, 1)).toEqual(alone);
    expect(make([b], 0.2, 2)).not.toEqual(alone);
    expect(make([b], 0.25, 1)).not.toEqual(alone);
    expect(make([{ ...b, key: 'no/b' }], 0.2, 1)).not.toEqual(alone);
  });

  it('covers the margins with noise', () => {
    const clean = evaluationWindows([ITEMS[2]!], 0, 1, LIVE_FEATURES, extractor);
    const noisy = evaluationWindows([ITEMS[2]!], 0.5, 1, LIVE_FEATURES, extractor);
    expect(clean[20 * 32]).toBe(-LIVE_FEATURES.floorDb);
    expect(noisy[20 * 32]).toBeGreaterThan(-40);
  });
});

it('takes silence from every whole second that has sound', () => {
  const recording = new Float32Array(3 * CLIP_SAMPLES + 100);
  recording.fill(0.1, 0, CLIP_SAMPLES + 50);
  const items = silenceItems(new NoiseRecordings([recording]), LABELS);
  expect(items.map(({ target }) => target)).toEqual([0, 0]);
  expect(silenceItems(new NoiseRecordings([recording]), ['yes', 'no'])).toEqual([]);
});

it('takes the first of equal logits', () => {
  expect([...argmaxRows(Float32Array.of(1, 1, 0, -2, 0, 0), 3)]).toEqual([0, 1]);
});

it('validates by the mean recall of the classes over the noise levels', () => {
  const targets = Int32Array.of(0, 0, 0, 1);
  const sets = [0, 1].map((eta) => ({ eta, windows: new Float32Array(4 * WINDOW_VALUES).fill(eta), targets }));
  const logits = (windows: Float32Array): Float32Array =>
    windows[0] === 0 ? Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1) : Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0);
  const result = validate(sets, ['yes', '_unknown_'], logits);
  expect(result.accuracy).toBeCloseTo(2 / 3, 12);
  expect(result.score).toBeCloseTo((2 / 3 + 1 + 1 + 0) / 4, 12);
});
