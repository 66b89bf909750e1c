import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LinearLayer, NetworkSpec } from '../../../shared/network.js';
import { countOnes } from '../../network/counts.js';
import { evolvingLayers } from '../../network/evolving-layers.js';
import { initialLayers } from '../../network/initial.js';
import { erdosRenyiMask } from '../../network/masks.js';
import type { LayerTensors } from '../../network/model.js';
import type { NativeTrainer } from '../../network/native.js';
import { averageRatioedAccuracy, erdosRenyiConnections, newWeightLimit, pruneToLargest } from '../../training/evolution.js';
import { evolve, type EvolutionRule } from '../../training/evolution-step.js';
import { deriveSeed, Random } from '../../training/random.js';
import { readIsolet } from '../data/isolet.js';
import type { LabelledSet } from '../data/labelled-set.js';
import { readMnist } from '../data/mnist.js';
import { normalisePixels } from '../data/mnist-noise.js';
import type { EvolvedTask } from '../task.js';
import { checkStop, type RunContext } from './context.js';
import { accuracyOf, indices } from './epochs.js';
import type { UnitOutcome } from './outcome.js';

/** PyTorch's default, which the document does not name. */
const LEAKY_SLOPE = 0.01;
/** Samples over which cosine similarity is taken. */
const SIMILARITY_SAMPLES = 500;
/** Share of the epochs that the dense network of the three-step pipeline trains before it is pruned. */
const DENSE_SHARE = 0.5;

/**
 * LiSET, section 4: a perceptron with leaky ReLU, its hidden layers Erdos-Renyi sparse, its last layer dense and uncounted. The
 * test set is judged after every epoch on the main network; connections evolve after every epoch but the last.
 */
export async function runEvolved(task: EvolvedTask, seed: number, context: RunContext): Promise<UnitOutcome> {
  const { train, test, hash } = dataOf(task, context);
  const sizes = [train.inputs.length / train.count, ...task.hidden];
  const connections = task.hidden.map((units, i) => erdosRenyiConnections(sizes[i]!, units, task.epsilon));
  const sparse = perceptron(sizes, train.classes, task.dropout, (i) => connections[i]! / (sizes[i]! * sizes[i + 1]!));
  const dense = perceptron(sizes, train.classes, task.dropout, () => 1);
  const pruned = task.method === 'pruned';
  const prunedAfter = pruned ? Math.round(DENSE_SHARE * task.epochs) : 0;
  const options = { seed, threads: context.threads };

  let trainer: NativeTrainer;
  if (pruned) trainer = new context.native.Trainer(dense, options);
  else {
    const skip = { layers: evolvingLayers(sparse), dropout: task.skipDropout ?? 0 };
    trainer = new context.native.Trainer(sparse, task.method === 'liset' ? { ...options, skip } : options);
    const layers = initialLayers(sparse, seed, (shape, maskSeed) => {
      const layer = evolvingLayers(sparse).findIndex((index) => sparse.layers[index]!.name === shape.spec.name);
      return layer < 0 ? undefined : erdosRenyiMask(shape, connections[layer]!, maskSeed);
    });
    if (task.start !== 'fanIn')
      for (const index of evolvingLayers(sparse)) drawAsNew(layers[index]!, new Random(deriveSeed(seed, 'start', index)));
    trainer.setLayers(layers);
  }
  const random = new Random(deriveSeed(seed, 'evolution'));
  const rule = ruleOf(task, train);
  const curve: number[] = [];
  for (let epoch = 0; epoch < task.epochs; epoch++) {
    checkStop(context);
    // Lets a stop request in: training itself does not.
    await nextTurn();
    context.progress(epoch / task.epochs, `epoch ${epoch + 1} of ${task.epochs}`);
    if (pruned && epoch === prunedAfter) trainer = prune(trainer, sparse, connections, context, options);
    const order = new Random(deriveSeed(seed, 'order', epoch)).shuffle(indices(train.count));
    trainer.train(train.inputs, train.targets, order, task.batchSize, {
      learningRate: task.learningRate,
      momentum: task.momentum ?? 0,
      weightDecay: 0,
      boostScale: 0,
    });
    curve.push(accuracyOf(trainer, test));
    context.point(epoch + 1, curve.at(-1)!);
    if (rule && epoch < task.epochs - 1) await evolve(trainer, sparse, rule, random);
  }
  const layers = trainer.getLayers();
  const counted = evolvingLayers(sparse).reduce((sum, index) => sum + countOnes(layers[index]!.mask!), 0);
  return {
    spec: { task, network: sparse },
    dataHash: hash,
    metrics: { accuracy: curve.at(-1)!, ara: averageRatioedAccuracy(curve), connections: counted },
    curves: { test: { x: curve.map((_, epoch) => epoch + 1), y: curve } },
  };
}

function dataOf(task: EvolvedTask, context: RunContext): { train: LabelledSet; test: LabelledSet; hash: string } {
  if (task.data === 'isolet') return readIsolet(context.dataFolder);
  const { train, test, hash } = readMnist(context.dataFolder);
  const normalised = (set: LabelledSet) => (task.normalised ? { ...set, inputs: normalisePixels(set.inputs) } : set);
  return { train: firstOf(normalised(train), task.images ?? train.count), test: normalised(test), hash };
}

function firstOf(set: LabelledSet, count: number): LabelledSet {
  const width = set.inputs.length / set.count;
  return { ...set, count, inputs: set.inputs.subarray(0, count * width), targets: set.targets.subarray(0, count) };
}

/** Connections begin as large as those that are added later: the one size that the document's code names. */
function drawAsNew({ weight, mask, bias }: LayerTensors, random: Random): void {
  const limit = newWeightLimit(bias.length);
  weight.forEach((_, i) => (weight[i] = mask![i] ? random.uniform(-limit, limit) : 0));
}

function ruleOf(task: EvolvedTask, train: LabelledSet): EvolutionRule | null {
  const { zeta } = task;
  if (task.method === 'set') return { kind: 'set', zeta };
  if (task.method === 'liset') return { kind: 'liset', zeta, gamma: task.gamma ?? 0, drawing: task.drawing ?? 'ratio' };
  if (task.method !== 'cosine') return null;
  const count = Math.min(SIMILARITY_SAMPLES, train.count);
  return { kind: 'cosine', zeta, samples: train.inputs.subarray(0, (count * train.inputs.length) / train.count), count };
}

function perceptron(sizes: readonly number[], classes: number, dropout: number, density: (layer: number) => number): NetworkSpec {
  const layer = (
    name: string,
    units: number,
    weightDensity: number,
    rest: Pick<LinearLayer, 'activation' | 'dropout'>,
  ): LinearLayer => ({
    type: 'linear',
    name,
    units,
    weightDensity,
    batchNorm: false,
    ...rest,
  });
  return {
    name: 'perceptron',
    input: { channels: sizes[0]!, height: 1, width: 1 },
    layers: [
      ...sizes
        .slice(1)
        .map((units, i) =>
          layer(`linear${i + 1}`, units, density(i), { activation: { kind: 'leakyRelu', slope: LEAKY_SLOPE }, dropout }),
        ),
      layer('output', classes, 1, { activation: { kind: 'none' }, dropout: 0 }),
    ],
  };
}

/** Han et al. 2015: keeps the largest weights of each layer, and goes on training them. */
function prune(
  trainer: NativeTrainer,
  sparse: NetworkSpec,
  connections: readonly number[],
  context: RunContext,
  options: { seed: number; threads: number },
): NativeTrainer {
  const layers = trainer.getLayers();
  evolvingLayers(sparse).forEach((index, i) => {
    const layer = layers[index]!;
    layer.mask = pruneToLargest(layer, connections[i]!);
    layer.weight.forEach((_, position) => (layer.weight[position]! *= layer.mask![position]!));
  });
  const retrained = new context.native.Trainer(sparse, options);
  retrained.setLayers(layers);
  return retrained;
}
