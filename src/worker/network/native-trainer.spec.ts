import { describe, expect, it } from 'vitest';
import { LIVE_FEATURES } from '../../shared/features.js';
import type { Activation, NetworkSpec } from '../../shared/network.js';
import type { LayerTensors } from './model.js';
import { loadNative } from './native-loader.js';
import type { NativeTrainer, TrainStep } from './native.js';
import { ReferenceBackend } from './reference.js';

const native = loadNative();
const SAMPLES = 48;
const INPUTS = 12 * 12;
const CLASSES = 3;
const BATCH = 8;
const STEP: TrainStep = { learningRate: 0.05, momentum: 0.5, weightDecay: 0.001, boostScale: 1 };

const winners = (percentOn: number): Activation => ({
  kind: 'kWinners',
  selection: { kind: 'global' },
  count: { percentOn },
  kInferenceFactor: 1,
  boosting: { strength: 1, strengthFactor: 0.9, dutyCyclePeriod: 100, atInference: false },
});

const SPEC: NetworkSpec = {
  name: 'tiny',
  input: { channels: 1, height: 12, width: 12 },
  layers: [
    {
      type: 'conv',
      name: 'conv1',
      weightDensity: 0.5,
      batchNorm: true,
      activation: winners(0.2),
      channels: 8,
      kernel: 3,
      pool: 2,
      activationBeforePool: false,
    },
    {
      type: 'linear',
      name: 'linear1',
      weightDensity: 0.1,
      batchNorm: true,
      activation: winners(0.25),
      units: 40,
      dropout: 0.1,
    },
    { type: 'linear', name: 'output', weightDensity: 1, batchNorm: false, activation: { kind: 'none' }, units: 3, dropout: 0 },
  ],
};

/** Bars: the class says in which third of the window they lie. */
function bars(): { windows: Float32Array; targets: Int32Array; order: Uint32Array } {
  const windows = new Float32Array(SAMPLES * INPUTS);
  const targets = new Int32Array(SAMPLES);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const target = sample % CLASSES;
    targets[sample] = target;
    const row = target * 4 + (sample % 4);
    for (let i = 0; i < INPUTS; i++) windows[sample * INPUTS + i] = Math.sin(sample * 7.1 + i * 3.7) * 0.3;
    for (let column = 0; column < 12; column++) windows[sample * INPUTS + row * 12 + column]! += 2;
  }
  return { windows, targets, order: Uint32Array.from({ length: SAMPLES }, (_, i) => (i * 11) % SAMPLES) };
}

const accuracy = (logits: Float32Array, targets: Int32Array): number => {
  let right = 0;
  for (let sample = 0; sample < targets.length; sample++) {
    const scores = [...logits.subarray(sample * CLASSES, (sample + 1) * CLASSES)];
    if (scores.indexOf(Math.max(...scores)) === targets[sample]) right++;
  }
  return right / targets.length;
};

const unmaskedZeros = (layer: LayerTensors): boolean =>
  layer.mask === undefined || layer.mask.every((bit, i) => bit === 1 || layer.weight[i] === 0);

describe.skipIf(native.engine === null)(
  `the native trainer${native.engine === null ? ` (left out: ${native.reason})` : ''}`,
  () => {
    const { windows, targets, order } = bars();
    const trainer = (threads: number, seed = 3): NativeTrainer => new native.engine!.Trainer(SPEC, { seed, threads });

    it('learns, and its masks stay', () => {
      const learning = trainer(2);
      const first = learning.train(windows, targets, order, BATCH, STEP);
      for (let epoch = 0; epoch < 15; epoch++) learning.train(windows, targets, order, BATCH, STEP);
      const last = learning.train(windows, targets, order, BATCH, STEP);
      expect(last.loss).toBeLessThan(first.loss / 2);
      expect(accuracy(learning.logits(windows, SAMPLES), targets)).toBeGreaterThan(0.9);
      expect(learning.getLayers().every(unmaskedZeros)).toBe(true);
      const { forward, backward, update } = learning.timings();
      expect(Math.min(forward, backward, update)).toBeGreaterThan(0);
    });

    it('gives the same network for the same seed, whatever the number of threads', () => {
      const trained = [1, 2, 3].map((threads) => {
        const learning = trainer(threads);
        learning.train(windows, targets, order, BATCH, STEP);
        return learning.getLayers();
      });
      expect(trained[1]).toEqual(trained[0]);
      expect(trained[2]).toEqual(trained[0]);
      expect(trainer(1, 4).getLayers()).not.toEqual(trainer(1, 3).getLayers());
    });

    it('goes on bit for bit from its layers and its state', () => {
      const whole = trainer(2);
      whole.train(windows, targets, order, BATCH, STEP);
      const resumed = trainer(2, 99);
      resumed.setLayers(whole.getLayers());
      resumed.setState(whole.getState());
      expect(resumed.train(windows, targets, order, BATCH, STEP)).toEqual(whole.train(windows, targets, order, BATCH, STEP));
      expect(resumed.getLayers()).toEqual(whole.getLayers());
    });

    it('takes distributions as targets: certainty is the same as a class', () => {
      const soft = new Float32Array(SAMPLES * CLASSES);
      targets.forEach((target, sample) => (soft[sample * CLASSES + target] = 1));
      const [hard, certain] = [trainer(1), trainer(1)];
      expect(certain.train(windows, soft, order, BATCH, STEP)).toEqual(hard.train(windows, targets, order, BATCH, STEP));
      expect(certain.getLayers()).toEqual(hard.getLayers());
    });

    it('infers as the reference does, with its duty cycles boosting and k grown', async () => {
      const grown = structuredClone(SPEC) as NetworkSpec;
      for (const layer of grown.layers)
        if (layer.activation.kind === 'kWinners')
          layer.activation = {
            ...layer.activation,
            kInferenceFactor: 1.5,
            boosting: { ...layer.activation.boosting, atInference: true },
          };
      const learning = new native.engine!.Trainer(grown, { seed: 3, threads: 2 });
      learning.train(windows, targets, order, BATCH, STEP);
      const reference = new ReferenceBackend({
        name: 'tiny',
        spec: grown,
        labels: ['a', 'b', 'c'],
        features: LIVE_FEATURES,
        layers: learning.getLayers(),
      });
      const { logits } = await reference.infer(windows, SAMPLES);
      const got = learning.logits(windows, SAMPLES);
      const largest = Math.max(...logits.map(Math.abs));
      logits.forEach((logit, i) => expect(Math.abs(logit - got[i]!)).toBeLessThan(1e-4 * largest));
    });

    it('refuses what does not fit, with a reason', () => {
      const learning = trainer(1);
      expect(() => learning.train(windows.subarray(1), targets, order, BATCH, STEP)).toThrow('no whole number of inputs');
      expect(() => learning.train(windows, targets.subarray(1), order, BATCH, STEP)).toThrow('do not fit');
      expect(() => learning.train(windows, targets, Uint32Array.of(SAMPLES), BATCH, STEP)).toThrow('not there');
      expect(() =>
        learning.train(
          windows,
          targets.map(() => CLASSES),
          order,
          BATCH,
          STEP,
        ),
      ).toThrow('no class');
      expect(() => learning.setState(learning.getState().subarray(0, 30))).toThrow('cut off');
      expect(() => learning.setLayers(learning.getLayers().slice(1))).toThrow('number of layers');
      expect(() => learning.logits(windows, SAMPLES + 1)).toThrow('more than there are');
      const other = learning.getLayers();
      other[0]!.bias = new Float32Array(1);
      expect(() => learning.setLayers(other)).toThrow('bias has 1 values, not 8');
    });

    describe('skip layers', () => {
      const skipping = (dropout: number) =>
        new native.engine!.Trainer(SPEC, { seed: 3, threads: 1, skip: { layers: [1], dropout } });

      it('learn beside the layers, start afresh, and have no part in inference', () => {
        const skip = skipping(0);
        const fresh = skip.getSkip(1);
        // [class][input] behind 8 channels of 5 x 5.
        expect(fresh).toHaveLength(CLASSES * 200);
        const bound = Math.sqrt(1 / CLASSES) / 100;
        expect(fresh.every((weight) => Math.abs(weight) <= bound)).toBe(true);
        expect(skip.logits(windows, SAMPLES)).toEqual(trainer(1).logits(windows, SAMPLES));
        skip.train(windows, targets, order, BATCH, STEP);
        expect(skip.getSkip(1).some((weight) => Math.abs(weight) > bound)).toBe(true);
        skip.resetSkip();
        expect(skip.getSkip(1).every((weight) => Math.abs(weight) <= bound)).toBe(true);
        expect(skip.getSkip(1)).not.toEqual(fresh);
      });

      it('[negative] are refused beside a convolution, and where there are none', () => {
        const at = (layers: number[]) => () =>
          new native.engine!.Trainer(SPEC, { seed: 3, threads: 1, skip: { layers, dropout: 0 } });
        expect(at([0])).toThrow(/not linear/);
        expect(at([9])).toThrow();
        expect(() => trainer(1).getSkip(1)).toThrow(/no skip layer/);
      });
    });

    it('keeps zeros alike by zeroed error terms and by weights set to zero after each step (plain SGD)', () => {
      const plain = { ...STEP, momentum: 0, weightDecay: 0 };
      const start = trainer(1).getLayers();
      // The same network without masks: its gradients are full, its weights off the masks are put back to zero after each step.
      const full = new native.engine!.Trainer(
        { ...SPEC, layers: SPEC.layers.map((layer) => ({ ...layer, weightDensity: 1, dropout: 0 })) as NetworkSpec['layers'] },
        { seed: 3, threads: 1 },
      );
      const maskedWithoutDropout = new native.engine!.Trainer(
        { ...SPEC, layers: SPEC.layers.map((layer) => ({ ...layer, dropout: 0 })) as NetworkSpec['layers'] },
        { seed: 3, threads: 1 },
      );
      maskedWithoutDropout.setLayers(start);
      const masks = start.map((layer) => layer.mask);
      const everywhere = structuredClone(start);
      for (const layer of everywhere) delete layer.mask;
      full.setLayers(everywhere);
      for (let at = 0; at < SAMPLES; at += BATCH) {
        const batch = order.subarray(at, at + BATCH);
        maskedWithoutDropout.train(windows, targets, batch, BATCH, plain);
        full.train(windows, targets, batch, BATCH, plain);
        const layers = full.getLayers();
        layers.forEach((layer, l) => masks[l]?.forEach((bit, i) => (layer.weight[i]! *= bit)));
        full.setLayers(layers);
      }
      const expected = maskedWithoutDropout.getLayers();
      full
        .getLayers()
        .forEach((layer, l) =>
          layer.weight.forEach((weight, i) => expect(Math.abs(weight - expected[l]!.weight[i]!)).toBeLessThan(1e-5)),
        );
      expect(expected[0]!.weight).not.toEqual(start[0]!.weight);
    });
  },
);
