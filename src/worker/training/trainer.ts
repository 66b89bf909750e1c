import { setImmediate as nextTurn } from 'node:timers/promises';
import { WinnowError } from '../../shared/errors.js';
import type { LayerTensors } from '../network/model.js';
import type { NativeTrainer } from '../network/native.js';
import { readCheckpoint, writeCheckpoint, type EpochRecord, type KeptEpoch } from './checkpoint.js';
import { changeConnections, isAsSparseAsMeant } from './connections.js';
import type { TrainingSet } from './premade-epochs.js';
import { deriveSeed, Random } from './random.js';
import type { Recipe, Schedule } from './recipe.js';

/** Samples between two looks at the clock and the stop request. */
const CHUNK_SAMPLES = 1024;

export interface EpochProgress {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Windows of this epoch so far, and all of them. */
  readonly done: number;
  readonly total: number;
  /** Of this epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly windowsPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainerHooks {
  onProgress(progress: EpochProgress): void;
  onEpoch(record: EpochRecord, best: boolean): void;
  /** Asked between chunks. */
  stopped(): boolean;
}

export interface TrainerInput {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly trainer: NativeTrainer;
  /** The windows of an epoch (counted from 0). */
  trainingSet(epoch: number): TrainingSet;
  /** Accuracy of the network as it stands on the validation part. */
  validate(): { readonly accuracy: number; readonly score: number };
  /** Accuracy on the test part, to be shown beside: nothing is chosen by it. */
  readonly watchTest?: () => number;
  readonly identity: string;
  readonly checkpointFile: string;
}

export interface TrainerResult {
  /** False after a stop: the checkpoint holds everything up to the last whole epoch. */
  readonly finished: boolean;
  readonly best: KeptEpoch | null;
  /** The best epoch on test; only with `watchTest`. */
  readonly bestOnTest: KeptEpoch | null;
  readonly history: readonly EpochRecord[];
}

/** Indices of the windows of one epoch in the order of presentation. */
export function epochOrder(targets: Int32Array, classes: number, sampler: Schedule['sampler'], seed: number): Uint32Array {
  const random = new Random(seed);
  if (sampler === 'shuffled') return random.shuffle(Uint32Array.from(targets.keys()));
  const members: number[][] = Array.from({ length: classes }, () => []);
  targets.forEach((target, i) => members[target]!.push(i));
  const present = members.filter((list) => list.length > 0);
  return Uint32Array.from(targets, () => {
    const list = present[random.integer(0, present.length - 1)]!;
    return list[random.integer(0, list.length - 1)]!;
  });
}

/** What the boost strengths are multiplied with in an epoch, counted from 0. */
export function boostScale(recipe: Recipe, epoch: number): number {
  const steps = recipe.schedule.boostDecay === 'start' ? epoch + 1 : epoch;
  for (const { activation } of recipe.network.layers) {
    if (activation.kind === 'kWinners') return activation.boosting.strengthFactor ** steps;
  }
  return 1;
}

function copyLayers(layers: readonly LayerTensors[]): LayerTensors[] {
  return structuredClone(layers) as LayerTensors[];
}

/**
 * Trains a network by its recipe, from the checkpoint where there is one. Everything drawn follows from (seed, epoch), so a run
 * that was stopped and resumed gives the same weights as one that was not.
 * @throws WinnowError `training-diverged`, `training-checkpoint`, `training-checkpoint-write`
 */
export async function trainNetwork(input: TrainerInput, hooks: TrainerHooks): Promise<TrainerResult> {
  const { recipe, seed, trainer } = input;
  const { schedule } = recipe;
  const resumed = readCheckpoint(input.checkpointFile, input.identity);
  const history: EpochRecord[] = [...(resumed?.history ?? [])];
  let best = resumed?.best ?? null;
  let bestOnTest = resumed?.bestOnTest ?? null;
  if (resumed) {
    trainer.setLayers(resumed.layers);
    trainer.setState(resumed.trainerState);
  }
  const sessionStart = performance.now();
  let sessionWindows = 0;

  for (let epoch = history.length; epoch < schedule.epochs; epoch++) {
    const epochStart = performance.now();
    const { windows, targets, answers } = input.trainingSet(epoch);
    const order = epochOrder(targets, recipe.labels.length, schedule.sampler, deriveSeed(seed, 'order', epoch));
    const batchSize = epoch === 0 ? schedule.firstEpochBatchSize : schedule.batchSize;
    // A last batch of one window has no variance for the batch norm.
    const total = order.length % batchSize === 1 ? order.length - 1 : order.length;
    const chunk = Math.max(1, Math.round(CHUNK_SAMPLES / batchSize)) * batchSize;
    const step = {
      learningRate: schedule.learningRate * schedule.learningRateFactor ** epoch,
      momentum: schedule.momentum,
      weightDecay: schedule.weightDecay,
      boostScale: boostScale(recipe, epoch),
    };
    let loss = 0;
    let correct = 0;
    for (let at = 0; at < total; at += chunk) {
      await nextTurn();
      if (hooks.stopped()) return { finished: false, best, bestOnTest, history };
      const part = order.subarray(at, Math.min(at + chunk, total));
      const result = trainer.train(windows, answers ?? targets, part, batchSize, step);
      if (!Number.isFinite(result.loss)) throw new WinnowError('training-diverged', { epoch: epoch + 1 });
      loss += result.loss * part.length;
      correct += result.correct;
      sessionWindows += part.length;
      const done = at + part.length;
      const windowsPerSecond = sessionWindows / ((performance.now() - sessionStart) / 1000);
      hooks.onProgress({
        epoch: epoch + 1,
        epochs: schedule.epochs,
        done,
        total,
        loss: loss / done,
        accuracy: correct / done,
        windowsPerSecond,
        secondsLeft: ((schedule.epochs - epoch) * total - done) / windowsPerSecond,
      });
    }
    const { accuracy, score } = input.validate();
    const record: EpochRecord = {
      epoch: epoch + 1,
      loss: loss / total,
      trainAccuracy: correct / total,
      validationAccuracy: accuracy,
      score,
      seconds: (performance.now() - epochStart) / 1000,
    };
    history.push(record);
    const layers = copyLayers(trainer.getLayers());
    // A network that is still to be pruned is none of the recipe's.
    const eligible = isAsSparseAsMeant(recipe, epoch);
    const isBest = eligible && (best === null || score > best.score);
    if (isBest) best = { epoch: epoch + 1, score, layers };
    if (eligible && input.watchTest) {
      const tested = input.watchTest();
      if (bestOnTest === null || tested > bestOnTest.score) bestOnTest = { epoch: epoch + 1, score: tested, layers };
    }
    const changed = await changeConnections(trainer, recipe, epoch, seed, windows);
    await writeCheckpoint(input.checkpointFile, {
      identity: input.identity,
      history,
      layers: changed ? copyLayers(trainer.getLayers()) : layers,
      trainerState: trainer.getState(),
      best,
      ...(bestOnTest ? { bestOnTest } : {}),
    });
    hooks.onEpoch(record, isBest);
  }
  return { finished: true, best, bestOnTest, history };
}
