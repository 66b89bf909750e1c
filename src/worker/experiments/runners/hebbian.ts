import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIVE_FEATURES, WINDOW_VALUES } from '../../../shared/features.js';
import type { NetworkSpec } from '../../../shared/network.js';
import { createBatchExtractor } from '../../features/batch.js';
import { ClipStore } from '../../training/clip-store.js';
import { clipsOf, dividedForTraining, isWord, listData } from '../../training/dataset.js';
import { clipItems, evaluationWindows } from '../../training/evaluation.js';
import type { Split } from '../../training/hash-split.js';
import { HebbianLayer } from '../../training/hebbian.js';
import { deriveSeed, Random } from '../../training/random.js';
import { COMMAND_LABELS } from '../../training/recipes.js';
import type { LabelledSet } from '../data/labelled-set.js';
import type { HebbianTask } from '../task.js';
import { checkStop, type RunContext } from './context.js';
import { accuracyOf, indices } from './epochs.js';
import type { UnitOutcome } from './outcome.js';

const FEATURES = { ...LIVE_FEATURES, standardise: true };
const WORDS = COMMAND_LABELS.filter(isWord);
/** Of the read-out, plain gradient descent. */
const READ_OUT = { learningRate: 0.05, momentum: 0.9, weightDecay: 0, boostScale: 1 };
const READ_OUT_BATCH = 32;
const LEARN_AT_ONCE = 512;

/**
 * A layer learns from windows of speech without their labels, or stays as drawn; then a linear read-out of its winners is
 * trained with labels, and judged on the test part after every epoch. The last epoch counts: nothing is chosen.
 */
export async function runHebbian(task: HebbianTask, seed: number, context: RunContext): Promise<UnitOutcome> {
  const train = await windowsOf('train', context);
  const test = await windowsOf('test', context);
  const layer = new HebbianLayer({
    inputs: WINDOW_VALUES,
    units: task.units,
    k: task.k,
    learningRate: task.learningRate,
    boostStrength: task.boostStrength,
    dutyCyclePeriod: 1000,
    seed: deriveSeed(seed, 'hebbian'),
  });
  const order = new Random(deriveSeed(seed, 'windows')).shuffle(indices(train.count));
  const shuffled = gather(train, order);
  for (let epoch = 0; epoch < task.epochs; epoch++) {
    for (let from = 0; from < shuffled.count; from += LEARN_AT_ONCE) {
      checkStop(context);
      await nextTurn();
      const count = Math.min(LEARN_AT_ONCE, shuffled.count - from);
      layer.learn(shuffled.inputs.subarray(from * WINDOW_VALUES, (from + count) * WINDOW_VALUES), count);
      context.progress((epoch + from / shuffled.count) / (task.epochs + 1), `learning without labels, pass ${epoch + 1}`);
    }
  }
  const encoded = (set: LabelledSet): LabelledSet => ({ ...set, inputs: layer.encode(set.inputs, set.count) });
  const codes = { train: encoded(train), test: encoded(test) };
  const spec = readOut(task.units);
  const trainer = new context.native.Trainer(spec, { seed, threads: context.threads });
  const curve: number[] = [];
  for (let epoch = 0; epoch < task.readOutEpochs; epoch++) {
    checkStop(context);
    await nextTurn();
    context.progress((task.epochs + epoch / task.readOutEpochs) / (task.epochs + 1), `read-out, epoch ${epoch + 1}`);
    const shown = new Random(deriveSeed(seed, 'order', epoch)).shuffle(indices(codes.train.count));
    trainer.train(codes.train.inputs, codes.train.targets, shown, READ_OUT_BATCH, READ_OUT);
    curve.push(accuracyOf(trainer, codes.test));
    context.point(epoch + 1, curve.at(-1)!);
  }
  return {
    spec: { task, readOut: spec, features: FEATURES },
    dataHash: train.hash,
    metrics: { accuracy: curve.at(-1)!, ...(task.epochs > 0 ? { entropy: layer.entropyShare() } : {}) },
    curves: { test: { x: curve.map((_, epoch) => epoch + 1), y: curve } },
  };
}

/** Clean windows of the words of a part, of length 1: Oja's rule then has one scale. */
async function windowsOf(part: Split, context: RunContext): Promise<LabelledSet & { readonly hash: string }> {
  const listing = dividedForTraining(await listData(context.dataFolder));
  const store = await ClipStore.open(listing, clipsOf(listing, part), (done, total) =>
    context.progress(0, `decoding ${done} of ${total}`),
  );
  try {
    const items = clipItems(store, WORDS);
    const inputs = evaluationWindows(items, 0, 0, FEATURES, createBatchExtractor(FEATURES, context.native));
    // A standardised window has mean 0 and deviation 1: its length is the root of its size.
    const length = Math.sqrt(WINDOW_VALUES);
    inputs.forEach((value, i) => (inputs[i] = value / length));
    const targets = Int32Array.from(items, (item) => item.target);
    return { inputs, targets, count: items.length, classes: WORDS.length, hash: store.hash };
  } finally {
    store.close();
  }
}

function gather(set: LabelledSet, order: Uint32Array): LabelledSet {
  const inputs = new Float32Array(set.inputs.length);
  order.forEach((from, to) =>
    inputs.set(set.inputs.subarray(from * WINDOW_VALUES, (from + 1) * WINDOW_VALUES), to * WINDOW_VALUES),
  );
  return { ...set, inputs, targets: Int32Array.from(order, (from) => set.targets[from]!) };
}

function readOut(units: number): NetworkSpec {
  return {
    name: 'read-out',
    input: { channels: units, height: 1, width: 1 },
    layers: [
      {
        type: 'linear',
        name: 'output',
        units: WORDS.length,
        weightDensity: 1,
        batchNorm: false,
        dropout: 0,
        activation: { kind: 'none' },
      },
    ],
  };
}
