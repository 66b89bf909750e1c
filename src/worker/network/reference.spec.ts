import { describe, expect, it } from 'vitest';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import type { LayerSpec } from '../../shared/network.js';
import { boostFactors, targetDutyCycle } from './boosting.js';
import { BATCH_NORM_EPSILON, type LayerShape, type LayerTensors, type Model } from './model.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';
import { WinnerSelector } from './selection.js';
import { activationShape, layerShapes } from './shapes.js';

/** One layer straight from its definition: every output sums over its whole kernel. Slow, and nothing is skipped. */
function byDefinition(shape: LayerShape, tensors: LayerTensors, input: Float32Array) {
  const { spec, channels, height, width, fanIn, inputHeight, inputWidth } = shape;
  const kernel = spec.type === 'conv' ? spec.kernel : 0;
  const values = new Float32Array(channels * height * width);
  let products = 0;
  for (let o = 0; o < channels; o++) {
    for (let p = 0; p < height * width; p++) {
      let sum = tensors.bias[o]!;
      for (let s = 0; s < fanIn; s++) {
        const y = Math.floor(p / width) + (Math.floor(s / (kernel || 1)) % (kernel || 1));
        const x = (p % width) + (s % (kernel || 1));
        const at = kernel ? (Math.floor(s / kernel ** 2) * inputHeight + y) * inputWidth + x : s;
        sum += tensors.weight[o * fanIn + s]! * input[at]!;
        if (input[at] !== 0 && (!tensors.mask || tensors.mask[o * fanIn + s])) products++;
      }
      if (tensors.mean) sum = (sum - tensors.mean[o]!) / Math.sqrt(tensors.variance![o]! + BATCH_NORM_EPSILON);
      values[o * height * width + p] = sum;
    }
  }
  let winners: number[] = [];
  const activate = (tensor: Float32Array): Float32Array => {
    const output = activated(spec, shape, tensors, tensor);
    winners = output.winners;
    return output.tensor;
  };
  const pool = (tensor: Float32Array): Float32Array => maxPool(shape, tensor);
  const early = spec.type === 'conv' && !spec.activationBeforePool;
  return { output: early ? activate(pool(values)) : pool(activate(values)), winners, products };
}

function activated(spec: LayerSpec, shape: LayerShape, tensors: LayerTensors, tensor: Float32Array) {
  const { activation } = spec;
  if (activation.kind !== 'kWinners') {
    const slope = activation.kind === 'relu' ? 0 : activation.kind === 'leakyRelu' ? activation.slope : 1;
    const output = tensor.map((value) => (value > 0 ? value : value * slope + 0));
    return { tensor: output, winners: [...output.keys()].filter((i) => output[i] !== 0) };
  }
  const strength = activation.boosting.atInference ? activation.boosting.strength : 0;
  const boost = boostFactors(tensors.dutyCycle!, targetDutyCycle(activation, activationShape(shape)), strength);
  const boosted = tensor.map((value, i) => value * boost[Math.floor((i * shape.channels) / tensor.length)]!);
  const winners = new WinnerSelector(activation, activationShape(shape)).select(boosted);
  const kept = new Set(winners);
  return { tensor: tensor.map((value, i) => (kept.has(i) ? value : 0)), winners: [...winners] };
}

function maxPool({ spec, channels, height, width, outputHeight, outputWidth }: LayerShape, tensor: Float32Array): Float32Array {
  const pool = spec.type === 'conv' ? spec.pool : 1;
  return Float32Array.from({ length: channels * outputHeight * outputWidth }, (_, i) => {
    const c = Math.floor(i / (outputHeight * outputWidth));
    const y = Math.floor(i / outputWidth) % outputHeight;
    const window = Array.from(
      { length: pool * pool },
      (_, w) => tensor[(c * height + y * pool + Math.floor(w / pool)) * width + (i % outputWidth) * pool + (w % pool)]!,
    );
    return Math.max(...window);
  });
}

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

describe('the reference forward pass', () => {
  it.each(SEEDS)('computes what the definition says: random network %i', async (seed) => {
    const spec = randomSpec(seed);
    const model = randomModel(spec, seed);
    const windows = randomWindows(spec, 2, seed);
    const { logits, activity, traces } = await new ReferenceBackend(model).infer(windows, 2, { trace: true });
    const shapes = layerShapes(spec);
    for (let w = 0; w < 2; w++) {
      let input = windows.subarray((w * windows.length) / 2, ((w + 1) * windows.length) / 2);
      shapes.forEach((shape, i) => {
        const expected = byDefinition(shape, model.layers[i]!, input);
        const trace = traces![w]![i]!;
        expect([...trace.winners]).toEqual(expected.winners);
        trace.output.forEach((value, j) => expect(Math.abs(value - expected.output[j]!)).toBeLessThan(1e-4));
        const { active, multiplies, size } = activity[w]![i]!;
        expect(active).toBe(expected.winners.length);
        expect(size).toBe(activationShape(shape).channels * activationShape(shape).height * activationShape(shape).width);
        expect(multiplies).toBe(expected.products);
        input = trace.output;
      });
      expect([...logits.subarray(w * 5, (w + 1) * 5)]).toEqual([...input]);
    }
  });

  it('counts a winner below zero as active, and passes its own value', async () => {
    const model = tiny(Float32Array.of(-1, -2, -3));
    const { activity, traces } = await new ReferenceBackend(model).infer(Float32Array.of(1), 1, { trace: true });
    expect(activity[0]![0]).toMatchObject({ size: 3, active: 2, multiplies: 3, denseMultiplies: 3 });
    expect([...traces![0]![0]!.output]).toEqual([-1, -2, 0]);
    expect(activity[0]![1]).toMatchObject({ multiplies: 2 * 2 });
  });

  it('chooses by boosted values, where boosting also works at inference', async () => {
    const model = tiny(Float32Array.of(3, 2, 1), 10);
    model.layers[0]!.dutyCycle!.set([1, 0, 0]);
    const { traces } = await new ReferenceBackend(model).infer(Float32Array.of(1), 1, { trace: true });
    expect([...traces![0]![0]!.output]).toEqual([0, 2, 1]);
  });

  it('counts the first layer in full, whatever the input', async () => {
    const spec = presetNetwork('WtSparsity11', { winnersBeforePool: false });
    const { activity } = await new ReferenceBackend(randomModel(spec, 1)).infer(new Float32Array(1024), 1);
    expect(activity[0]![0]!.multiplies).toBe(64 * 13 * 28 * 28);
  });

  it('does not depend on what ran before', async () => {
    const spec = randomSpec(3);
    const backend = new ReferenceBackend(randomModel(spec, 3));
    const windows = randomWindows(spec, 3, 9);
    const size = windows.length / 3;
    const together = (await backend.infer(windows, 3)).logits;
    const last = (await backend.infer(windows.subarray(2 * size), 1)).logits;
    expect([...last]).toEqual([...together.subarray(10)]);
  });

  it('refuses windows of another size, and numbers that do not fit', async () => {
    const model = tiny(Float32Array.of(1, 2, 3));
    await expect(new ReferenceBackend(model).infer(new Float32Array(2), 1)).rejects.toMatchObject({ code: 'network-input' });
    const broken = { ...model, layers: [{ ...model.layers[0]!, weight: Float32Array.of(1, NaN, 3) }, model.layers[1]!] };
    expect(() => new ReferenceBackend(broken)).toThrow(/not a number/);
    const short = { ...model, layers: [{ ...model.layers[0]!, dutyCycle: new Float32Array(2) }, model.layers[1]!] };
    expect(() => new ReferenceBackend(short)).toThrow(/2 values of dutyCycle for 3 units/);
  });
});

/** One input, three units of which two win, two outputs. */
function tiny(weight: Float32Array, strength = 0): Model {
  return {
    ...randomModel(
      {
        name: 'tiny',
        input: { channels: 1, height: 1, width: 1 },
        layers: [
          {
            type: 'linear',
            name: 'hidden',
            weightDensity: 1,
            batchNorm: false,
            activation: {
              kind: 'kWinners',
              selection: { kind: 'global' },
              count: { k: 2 },
              kInferenceFactor: 1,
              boosting: { strength, strengthFactor: 1, dutyCyclePeriod: 1000, atInference: true },
            },
            units: 3,
            dropout: 0,
          },
          {
            type: 'linear',
            name: 'output',
            weightDensity: 1,
            batchNorm: false,
            activation: { kind: 'none' },
            units: 2,
            dropout: 0,
          },
        ],
      },
      1,
    ),
    layers: [
      { weight, bias: new Float32Array(3), dutyCycle: new Float32Array(3) },
      { weight: Float32Array.of(1, 1, 1, 1, -1, 1), bias: new Float32Array(2) },
    ],
  };
}
