import { setImmediate as nextTurn } from 'node:timers/promises';
import { nonZeroParameters } from '../../network/counts.js';
import { presetNetwork } from '../../network/presets.js';
import { NOISE_ETAS } from '../../training/evaluation.js';
import { deriveSeed, Random } from '../../training/random.js';
import type { LabelledSet } from '../data/labelled-set.js';
import { MNIST_SIDE, readMnist } from '../data/mnist.js';
import { addPixelNoise, normalisePixels } from '../data/mnist-noise.js';
import type { ImageTask } from '../task.js';
import { checkStop, type RunContext } from './context.js';
import { accuracyOf, indices } from './epochs.js';
import type { UnitOutcome } from './outcome.js';

const PIXELS = MNIST_SIDE * MNIST_SIDE;

/**
 * Paper, section 4.1: trains on all 60,000 images, with no choice to make (the last epoch counts), then counts right answers on
 * the test images at eleven levels of pixel noise.
 */
export async function runImage(task: ImageTask, seed: number, context: RunContext): Promise<UnitOutcome> {
  const { train, test, hash } = readMnist(context.dataFolder);
  const spec = presetNetwork(task.preset);
  const boostFactor = Math.min(
    ...spec.layers.map(({ activation: a }) => (a.kind === 'kWinners' ? a.boosting.strengthFactor : 1)),
  );
  const trainer = new context.native.Trainer(spec, { seed, threads: context.threads });
  const inputs = normalisePixels(train.inputs);
  const testInputs = normalised(test);
  const curve: number[] = [];
  for (let epoch = 0; epoch < task.epochs; epoch++) {
    checkStop(context);
    // Lets a stop request in: training itself does not.
    await nextTurn();
    context.progress(epoch / task.epochs, `epoch ${epoch + 1} of ${task.epochs}`);
    const order = new Random(deriveSeed(seed, 'order', epoch)).shuffle(indices(train.count));
    trainer.train(inputs, train.targets, order, epoch === 0 ? task.firstEpochBatchSize : task.batchSize, {
      learningRate: task.learningRate * task.learningRateFactor ** epoch,
      momentum: task.momentum,
      weightDecay: 0,
      boostScale: boostFactor ** epoch,
    });
    curve.push(accuracyOf(trainer, testInputs));
    context.point(epoch + 1, curve.at(-1)!);
  }
  const noise = NOISE_ETAS.map((eta) => accuracyOf(trainer, normalised(noisy(test, eta, seed))));
  const noiseScore = noise.reduce((sum, accuracy) => sum + Math.round(accuracy * test.count), 0);
  return {
    spec: { task, network: spec },
    dataHash: hash,
    metrics: { accuracy: curve.at(-1)!, noiseScore, nonZeros: nonZeroParameters(spec) },
    curves: {
      noise: { x: [...NOISE_ETAS], y: noise },
      test: { x: curve.map((_, epoch) => epoch + 1), y: curve },
    },
  };
}

function normalised(set: LabelledSet): LabelledSet {
  return { ...set, inputs: normalisePixels(set.inputs) };
}

/** Every image with noise of its own, which follows from seed, level and image. */
function noisy(set: LabelledSet, eta: number, seed: number): LabelledSet {
  const inputs = new Float32Array(set.inputs.length);
  for (let i = 0; i < set.count; i++) {
    const random = new Random(deriveSeed(seed, 'pixels', eta, i));
    inputs.set(
      addPixelNoise(set.inputs.subarray(i * PIXELS, (i + 1) * PIXELS), eta, () => random.next()),
      i * PIXELS,
    );
  }
  return { ...set, inputs };
}
