import { LIVE_FEATURES } from '../../src/shared/features.js';
import type { Activation, KWinners, NetworkSpec, Selection } from '../../src/shared/network.js';
import { initialLayers } from '../../src/worker/network/initial.js';
import type { Model } from '../../src/worker/network/model.js';
import { layerShapes } from '../../src/worker/network/shapes.js';
import { Random } from '../../src/worker/training/random.js';

/** A model of this network with random numbers everywhere, statistics and duty cycles too, as if it were trained. */
export function randomModel(spec: NetworkSpec, seed: number): Model {
  const random = new Random(seed);
  const layers = initialLayers(spec, seed);
  for (const layer of layers) {
    layer.mean?.forEach((_, i, mean) => (mean[i] = random.uniform(-0.5, 0.5)));
    layer.variance?.forEach((_, i, variance) => (variance[i] = random.uniform(0.2, 2)));
    layer.dutyCycle?.forEach((_, i, duty) => (duty[i] = random.uniform(0, 0.4)));
  }
  const outputs = layerShapes(spec).at(-1)!.channels;
  const labels = Array.from({ length: outputs }, (_, i) => `word${i}`);
  return { name: spec.name, spec, labels, features: LIVE_FEATURES, layers };
}

/** Values as a window has them: in dB, -80 to 0. */
export function randomWindows(spec: NetworkSpec, count: number, seed: number): Float32Array {
  const random = new Random(seed);
  const { channels, height, width } = spec.input;
  return Float32Array.from({ length: count * channels * height * width }, () => random.uniform(-80, 0));
}

/** A small random network with every kind of layer, activation and selection, always one that is possible. */
export function randomSpec(seed: number, input = { channels: 1, height: 16, width: 15 }): NetworkSpec {
  const random = new Random(seed);
  const pick = <T>(items: readonly T[]): T => items[random.integer(0, items.length - 1)]!;
  const activation = (selections: readonly Selection[]): Activation => {
    const chance = random.next();
    if (chance < 0.1) return { kind: 'none' };
    if (chance < 0.25) return { kind: 'relu' };
    if (chance < 0.4) return { kind: 'leakyRelu', slope: 0.1 };
    const winners: KWinners = {
      kind: 'kWinners',
      selection: pick(selections),
      count: { percentOn: random.uniform(0.3, 0.6) },
      kInferenceFactor: pick([1, 1.5]),
      boosting: { strength: pick([0, 1.5]), strengthFactor: 0.9, dutyCyclePeriod: 1000, atInference: random.chance(0.7) },
    };
    return winners;
  };
  const flat: Selection[] = [
    { kind: 'global' },
    { kind: 'local' },
    { kind: 'group', size: 5 },
    { kind: 'threshold', value: 0.1 },
  ];
  const maps: Selection[] = [...flat, { kind: 'perChannel' }, { kind: 'volume', channels: 3, height: 2, width: 2 }];
  const conv = (name: string, channels: number) => ({
    type: 'conv' as const,
    name,
    weightDensity: pick([1, 0.5, 0.3]),
    batchNorm: random.chance(0.7),
    activation: activation(maps),
    channels,
    kernel: 3,
    pool: pick([1, 2]),
    activationBeforePool: random.chance(0.5),
  });
  const linear = (name: string, units: number, density: number, of: Activation, batchNorm: boolean) => ({
    type: 'linear' as const,
    name,
    weightDensity: density,
    batchNorm,
    activation: of,
    units,
    dropout: 0,
  });
  return {
    name: `random${seed}`,
    input,
    layers: [
      conv('conv1', 7),
      conv('conv2', 6),
      linear('linear1', 17, pick([1, 0.4]), activation(flat), random.chance(0.5)),
      linear('output', 5, 1, { kind: 'none' }, false),
    ],
  };
}
