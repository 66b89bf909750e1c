import { describe, expect, it } from 'vitest';
import { randomModel } from '../../../test/helpers/random-networks.js';
import { LIVE_FEATURES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import type { NetworkSpec } from '../../shared/network.js';
import { FeatureStream } from '../features/stream.js';
import { synthesise } from '../features/synthesised-sounds.js';
import type { Model } from './model.js';
import { loadNative } from './native-loader.js';
import { presetNetwork } from './presets.js';
import { SparseBackend } from './sparse.js';

const { hop } = LIVE_FEATURES;
/** Of the largest logit. */
const TOLERANCE = 1e-4;
/** Windows in which two winners may have changed places because their values are too close to tell: about one in twenty. */
const SWAPPED_AT_MOST = 0.1;

/** Five seconds of sound that rises, falls silent, and stops and starts with a gap: blocks, `null` where samples were lost. */
function* sound(): Generator<Float32Array | null> {
  const voice = synthesise('voice', 40 * hop);
  const noise = synthesise('noise', 40 * hop);
  const faint = synthesise('faint', 40 * hop);
  for (const [samples, gain] of [
    [voice, 0.3],
    [faint, 1],
    [voice, 1],
    [noise, 0.5],
  ] as const) {
    if (samples === noise) yield null;
    for (let at = 0; at < samples.length; at += hop) yield samples.slice(at, at + hop).map((sample) => sample * gain);
  }
  for (let i = 0; i < 10; i++) yield new Float32Array(hop);
}

function withRelu(spec: NetworkSpec): NetworkSpec {
  return {
    ...spec,
    layers: spec.layers.map((layer, i) => (i < 3 ? { ...layer, activation: { kind: 'relu' as const } } : layer)),
  };
}

const smooth: [string, NetworkSpec][] = ['WtSparsity11', 'WtSparsity11Wide'].map((name) => [
  `${name} with ReLU`,
  withRelu(presetNetwork(name, { winnersBeforePool: false })),
]);
const winners: [string, NetworkSpec][] = ['WtSparsity11', 'WtSparsity11Wide'].map((name) => [
  name,
  presetNetwork(name, { winnersBeforePool: false }),
]);

interface Compared {
  readonly windows: number;
  readonly apart: number;
  /** Of the first layer: what was computed, of what all windows would have taken. */
  readonly computed: number;
}

async function compare(model: Model): Promise<Compared> {
  const backend = new SparseBackend(model);
  const stream = backend.openStream()!;
  const features = new FeatureStream(model.features.melBank);
  let [windows, apart, done, fresh] = [0, 0, 0, 0];
  for (const block of sound()) {
    if (block === null) {
      features.reset();
      continue;
    }
    features.push(block);
    if (!features.ready) continue;
    const expected = await backend.infer(features.window(model.features), 1);
    const { logits, activity } = await stream.infer(features.scaledWindow(model.features));
    const largest = Math.max(...expected.logits.map(Math.abs));
    windows++;
    apart += Number(logits.some((logit, i) => Math.abs(logit - expected.logits[i]!) > TOLERANCE * largest));
    expect(activity[0]!.freshMultiplies).toBe(expected.activity[0]![0]!.multiplies);
    expect(activity[0]!.multiplies).toBeLessThanOrEqual(activity[0]!.freshMultiplies!);
    done += activity[0]!.multiplies;
    fresh += activity[0]!.freshMultiplies!;
  }
  return { windows, apart, computed: done / fresh };
}

describe.skipIf(!loadNative().engine)('a stream of windows', () => {
  const standardised: FeatureSpec = { ...LIVE_FEATURES, standardise: true };

  for (const features of [LIVE_FEATURES, standardised]) {
    const how = features.standardise ? 'standardised' : 'not standardised';
    it.each(smooth)(`says what fresh windows say, ${how} (%s)`, async (_, spec) => {
      const { windows, apart } = await compare({ ...randomModel(spec, 7), features });
      expect(windows).toBeGreaterThan(90);
      expect(apart).toBe(0);
    });

    it.each(winners)(`lets no more winners than next to equal ones change places, ${how} (%s)`, async (_, spec) => {
      const { windows, apart } = await compare({ ...randomModel(spec, 8), features });
      expect(apart).toBeLessThanOrEqual(Math.ceil(SWAPPED_AT_MOST * windows));
    });
  }

  it('computes one column of 28 while the floor cuts nothing off', async () => {
    const features = { ...standardised, floorDb: 200 };
    const { computed } = await compare({ ...randomModel(presetNetwork('WtSparsity11Wide'), 9), spec: winners[1]![1], features });
    // Twice all of a window: at the start and after the gap.
    expect(computed).toBeLessThan(0.07);
  });

  it('is not offered for first layers that cannot be reused', () => {
    const before = presetNetwork('WtSparsity11', { winnersBeforePool: true });
    expect(new SparseBackend(randomModel(before, 1)).openStream()).toBeUndefined();
  });

  it('refuses what is no window and no scale', async () => {
    const stream = new SparseBackend(randomModel(winners[1]![1], 1)).openStream()!;
    const values = new Float32Array(WINDOW_VALUES);
    await expect(stream.infer({ values: new Float32Array(5), factor: 1, offset: 0 })).rejects.toMatchObject({
      code: 'network-input',
    });
    for (const [factor, offset] of [
      [0, 0],
      [-1, 0],
      [Number.NaN, 0],
      [1, Number.NaN],
    ] as const)
      await expect(stream.infer({ values, factor, offset })).rejects.toMatchObject({ code: 'network-engine' });
  });
});
