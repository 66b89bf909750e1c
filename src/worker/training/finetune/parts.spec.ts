import { describe, expect, it } from 'vitest';
import type { NetworkSpec } from '../../../shared/network.js';
import { initialLayers } from '../../network/initial.js';
import type { LayerTensors, Model } from '../../network/model.js';
import { presetNetwork } from '../../network/presets.js';
import { ReferenceBackend } from '../../network/reference.js';
import { Random } from '../random.js';
import { LIVE_FEATURES } from '../../../shared/features.js';
import { bandLimited } from './band-limit.js';
import { marginsOf, readinessShift } from './calibrate.js';
import { hardNegative, pieceOf, spliced, wordBounds } from './hard-negatives.js';
import { layerUse } from './layer-use.js';
import { withOutputsFor } from './output-layer.js';
import { FINETUNE_PLANS, FinetunePlan, TRAINED_LAYERS } from './plan.js';
import { trainedPart, withTrainedPart } from './trained-part.js';

const LABELS = ['_silence_', '_unknown_', 'yes', 'no'];

function small(): NetworkSpec {
  const network = presetNetwork('WtSparsity11', { outputs: LABELS.length, winnersBeforePool: false });
  const layers = network.layers.map((layer, i) => {
    if (layer.type === 'conv') return { ...layer, channels: 6 };
    return i === 2 ? { ...layer, units: 40, weightDensity: 0.3 } : layer;
  });
  return { ...network, layers };
}

/** Batch norms with statistics of their own, as training leaves them. */
function model(): Model {
  const random = new Random(5);
  const spec = small();
  const layers = initialLayers(spec, 3).map((layer): LayerTensors => ({
    ...layer,
    ...(layer.mean ? { mean: layer.mean.map(() => random.uniform(-0.5, 0.5)) } : {}),
    ...(layer.variance ? { variance: layer.variance.map(() => random.uniform(0.2, 3)) } : {}),
  }));
  return { name: 'small', spec, labels: LABELS, features: LIVE_FEATURES, layers };
}

async function referenceLogits(of: Model, input: Float32Array, count: number): Promise<Float32Array> {
  return (await new ReferenceBackend(of).infer(input, count)).logits;
}

function windows(count: number): Float32Array {
  const random = new Random(9);
  return Float32Array.from({ length: count * 1024 }, () => random.uniform(-80, 0));
}

describe('new outputs', () => {
  it('leave the old answers as they were, and begin as unknown words, less inclined to speak', async () => {
    const old = model();
    const grown = withOutputsFor(old, ['lamp', 'yes', 'door']);
    expect(grown.labels).toEqual([...LABELS, 'lamp', 'door']);
    const input = windows(3);
    const before = await referenceLogits(old, input, 3);
    const after = await referenceLogits(grown, input, 3);
    for (let window = 0; window < 3; window++) {
      const row = after.subarray(window * 6, (window + 1) * 6);
      expect([...row.subarray(0, 4)]).toEqual([...before.subarray(window * 4, (window + 1) * 4)]);
      expect(row[4]).toBeCloseTo(row[1]! - 1, 4);
      expect(row[5]).toBeCloseTo(row[1]! - 1, 4);
    }
    expect(withOutputsFor(old, ['yes'])).toBe(old);
  });
});

describe('the trained part', () => {
  it.each(TRAINED_LAYERS)('of %s, cut out and put back untrained, leaves every answer within rounding', async (layers) => {
    const plan: FinetunePlan = { ...FINETUNE_PLANS.quick, layers, boostStrength: 0 };
    const old = model();
    const withoutBoost = { ...old, spec: noBoost(old.spec) };
    const part = trainedPart(withoutBoost, plan);
    expect(part.spec.layers.length).toBe({ last: 1, linear: 2, all: 4 }[layers]);
    expect(part.spec.layers.every((layer) => !layer.batchNorm)).toBe(true);
    const back = withTrainedPart(withoutBoost, plan, part, part.layers, 1);
    const input = windows(4);
    const before = await referenceLogits(withoutBoost, input, 4);
    (await referenceLogits(back, input, 4)).forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 3));
    back.layers.slice(0, part.first).forEach((layer, i) => expect(layer).toBe(old.layers[i]));
  });

  it('boosts from now on as its last epoch did', () => {
    const plan: FinetunePlan = { ...FINETUNE_PLANS.quick, layers: 'linear', boostStrength: 0.8 };
    const part = trainedPart(model(), plan);
    const back = withTrainedPart(model(), plan, part, part.layers, 0.5);
    expect(back.spec.layers[2]!.activation).toMatchObject({ boosting: { strength: 0.4 } });
    expect(back.spec.layers[0]!.activation).toEqual(model().spec.layers[0]!.activation);
  });
});

function noBoost(spec: NetworkSpec): NetworkSpec {
  const layers = spec.layers.map((layer) =>
    layer.activation.kind === 'kWinners'
      ? { ...layer, activation: { ...layer.activation, boosting: { ...layer.activation.boosting, strength: 0 } } }
      : layer,
  );
  return { ...spec, layers };
}

it('counts units by how often they win', () => {
  const { spec, layers } = model();
  const duty = layers.map((layer) => ({ ...layer, ...(layer.dutyCycle ? { dutyCycle: layer.dutyCycle.map(() => 0.05) } : {}) }));
  const use = layerUse(spec, duty);
  expect(use.map(({ name }) => name)).toEqual(['conv1', 'conv2', 'linear1']);
  for (const { histogram, entropy, maximum } of use) {
    expect(histogram.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(entropy).toBeLessThanOrEqual(maximum + 1e-9);
  }
});

describe('band-limited sound', () => {
  const tone = (hertz: number): Float32Array =>
    Float32Array.from({ length: 16_000 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / 16_000));
  const levelDb = (sound: Float32Array): number => {
    const middle = sound.subarray(1000, 15_000);
    return 10 * Math.log10(middle.reduce((sum, value) => sum + value * value, 0) / middle.length + 1e-20);
  };

  it('keeps what lies below 4 kHz and has nothing above', () => {
    for (const hertz of [100, 1000, 3700]) expect(levelDb(bandLimited(tone(hertz)))).toBeCloseTo(levelDb(tone(hertz)), 1);
    for (const hertz of [4300, 6000, 7900]) expect(levelDb(bandLimited(tone(hertz)))).toBeLessThan(levelDb(tone(hertz)) - 75);
  });
});

describe('hard negatives', () => {
  const random = new Random(1);
  const take = new Float32Array(16_000);
  for (let i = 6000; i < 9000; i++) take[i] = random.uniform(-0.5, 0.5);
  const other = take.map((value) => -value);

  it('find the word', () => {
    const { first, last } = wordBounds(take);
    expect(Math.abs(first - 6000)).toBeLessThanOrEqual(160);
    expect(Math.abs(last - 9000)).toBeLessThanOrEqual(160);
  });

  it('make words that do not exist of two that do', () => {
    const sound = spliced(take, other, new Random(2));
    expect(wordBounds(sound).first).toBe(wordBounds(take).first);
    expect(sound.subarray(6500, 6900)).toEqual(take.subarray(6500, 6900));
    expect(sound).not.toEqual(take);
  });

  it('cut a word to a length, from anywhere in it', () => {
    const starts = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const piece = pieceOf(take, 1600, new Random(seed));
      const { first, last } = wordBounds(piece);
      expect(Math.abs(last - first - 1600)).toBeLessThanOrEqual(320);
      expect(piece.subarray(first + 320, last - 320)).toEqual(take.subarray(first + 320, last - 320));
      starts.add(first);
    }
    expect(starts.size).toBeGreaterThan(3);
    expect(pieceOf(take, 4000, random)).toBe(take);
  });

  it('are sound, and never the take itself', () => {
    for (let seed = 0; seed < 40; seed++) {
      const sound = hardNegative(take, other, new Random(seed));
      expect(sound).toHaveLength(take.length);
      expect(sound.every(Number.isFinite)).toBe(true);
      expect(sound.some((value) => value !== 0)).toBe(true);
      expect(sound).not.toEqual(take);
    }
  });
});

it('asks a new word to beat the others, as far as its own takes do', () => {
  const margins = marginsOf(Float32Array.from([0, 1, 3, /**/ 0, 4, 1, /**/ 2, 0, 1, /**/ 0, 0, 5]), 3, 2);
  expect([...margins]).toEqual([2, -3, -1, 5]);
  expect(readinessShift(new Float32Array(10).fill(3), 0.4)).toBe(-0.4);
  const poor = Float32Array.from({ length: 10 }, (_, i) => i / 10 - 0.5);
  expect(poor.filter((margin) => margin + readinessShift(poor, 0.4) >= 0)).toHaveLength(8);
  expect(readinessShift(Float32Array.of(-9, -9), 0.4)).toBe(2);
});

it('has sound plans', () => {
  for (const plan of Object.values(FINETUNE_PLANS)) expect(FinetunePlan.parse(plan)).toEqual(plan);
});
