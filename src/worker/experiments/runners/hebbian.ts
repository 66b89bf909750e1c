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
import { Whitening } from '../../training/whitening.js';
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
const CODE_LENGTH = 3;
const LEARN_AT_ONCE = 512;

/**
 * A layer learns from windows of speech without their labels, or stays as drawn; then a linear read-out of its winners is
 * trained with labels, and judged on the test part after every epoch. The last epoch counts: nothing is chosen.
 */
export async function runHebbian(task: HebbianTask, seed: number, context: RunContext): Promise<UnitOutcome> {
  const { train, test } = await windowsOf(task.inputs, context);
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
  const codes = atOneScale(encoded(train), encoded(test));
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

type Windows = LabelledSet & { readonly hash: string };
interface Parts {
  readonly train: Windows;
  readonly test: Windows;
}

/** By data folder and preparation: the units of a sweep share them, and they take longer to make than a layer to learn. */
const made = new Map<string, Promise<Parts>>();

/** Clean windows of the words, as the task wants them. */
function windowsOf(inputs: HebbianTask['inputs'], context: RunContext): Promise<Parts> {
  const once = (key: unknown[], make: () => Promise<Parts>): Promise<Parts> => {
    const name = JSON.stringify([context.dataFolder, ...key]);
    const parts = made.get(name) ?? make();
    made.set(name, parts);
    // What failed is tried again.
    parts.catch(() => made.delete(name));
    return parts;
  };
  return once([inputs], async () =>
    prepared(
      inputs,
      await once([], async () => ({ train: await decode('train', context), test: await decode('test', context) })),
    ),
  );
}

async function decode(part: Split, context: RunContext): Promise<Windows> {
  const listing = dividedForTraining(await listData(context.dataFolder));
  const store = await ClipStore.open(listing, clipsOf(listing, part), (done, total) =>
    context.progress(0, `decoding ${done} of ${total}`),
  );
  try {
    const items = clipItems(store, WORDS);
    const inputs = evaluationWindows(items, 0, 0, FEATURES, createBatchExtractor(FEATURES, context.native));
    const targets = Int32Array.from(items, (item) => item.target);
    return { inputs, targets, count: items.length, classes: WORDS.length, hash: store.hash };
  } finally {
    store.close();
  }
}

/** Windows as the task wants them, of length 1: Oja's rule then has one scale. What is taken away is known from training alone. */
function prepared(inputs: HebbianTask['inputs'], { train, test }: Parts): Parts {
  const change = changeOf(inputs, train);
  return { train: { ...train, inputs: change(train.inputs) }, test: { ...test, inputs: change(test.inputs) } };
}

function changeOf(inputs: HebbianTask['inputs'], train: LabelledSet): (windows: Float32Array) => Float32Array {
  if (typeof inputs === 'object') {
    const whitening = Whitening.fit(train.inputs, WINDOW_VALUES, inputs.whitenedBy);
    return (windows) => whitening.apply(windows);
  }
  const mean = new Float64Array(WINDOW_VALUES);
  if (inputs === 'centred') train.inputs.forEach((value, i) => (mean[i % WINDOW_VALUES]! += value / train.count));
  return (windows) => {
    const result = windows.map((value, i) => value - mean[i % WINDOW_VALUES]!);
    for (let at = 0; at < result.length; at += WINDOW_VALUES) {
      const window = result.subarray(at, at + WINDOW_VALUES);
      const length = Math.sqrt(window.reduce((sum, value) => sum + value * value, 0));
      if (length > 0) window.forEach((value, i) => (window[i] = value / length));
    }
    return result;
  };
}

/** Codes of one root mean square length, measured in training: read-outs of all layers then learn at the same speed. */
function atOneScale(train: LabelledSet, test: LabelledSet): { train: LabelledSet; test: LabelledSet } {
  const squares = train.inputs.reduce((sum, value) => sum + value * value, 0) / train.count;
  const scale = squares > 0 ? CODE_LENGTH / Math.sqrt(squares) : 1;
  const scaled = (set: LabelledSet): LabelledSet => ({ ...set, inputs: set.inputs.map((value) => value * scale) });
  return { train: scaled(train), test: scaled(test) };
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
