import { setImmediate as nextTurn } from 'node:timers/promises';
import { WinnowError } from '../../../shared/errors.js';
import type { FinetuneEpoch, FinetuneEvent } from '../../../shared/teaching.js';
import type { LayerTensors } from '../../network/model.js';
import type { NativeTrainer } from '../../network/native.js';
import { readCheckpoint, writeCheckpoint, type EpochRecord } from '../checkpoint.js';
import { deriveSeed, Random } from '../random.js';
import { layerUse } from './layer-use.js';
import type { FinetunePlan } from './plan.js';
import type { TrainedPart } from './trained-part.js';

/** Windows between two looks at the stop and pause requests. */
const CHUNK_WINDOWS = 256;

export interface FinetuneHooks {
  emit(event: FinetuneEvent): void;
  /** Asked between chunks. */
  stopped(): boolean;
  /** Resolves at once, or when a pause is over. */
  gate(): Promise<void>;
}

export interface FitInput {
  readonly plan: FinetunePlan;
  readonly seed: number;
  readonly trainer: NativeTrainer;
  readonly part: TrainedPart;
  readonly classes: number;
  /** Inputs of the trained part and answers, by set. */
  set(index: number): { readonly inputs: Float32Array; readonly targets: Float32Array };
  /** Share of the watched windows that are heard right by the part as it stands. */
  watch(): number;
  readonly identity: string;
  readonly checkpointFile: string;
}

export interface FitResult {
  /** False after a stop: the checkpoint holds everything up to the last whole epoch. */
  readonly finished: boolean;
  readonly layers: readonly LayerTensors[];
  readonly history: readonly EpochRecord[];
}

/** What the boost strength is multiplied with in an epoch, counted from 0. */
export function finetuneBoostScale(plan: FinetunePlan, epoch: number): number {
  return plan.boostDecay ** epoch;
}

/**
 * Trains the learning part on its window sets, from the checkpoint where there is one. The last epoch counts: a handful of
 * takes leaves nothing to choose an epoch by.
 * @throws WinnowError `training-diverged`, `training-checkpoint`, `training-checkpoint-write`
 */
export async function fit(input: FitInput, hooks: FinetuneHooks): Promise<FitResult> {
  const { plan, trainer, part, seed } = input;
  const resumed = readCheckpoint(input.checkpointFile, input.identity);
  const history: EpochRecord[] = [...(resumed?.history ?? [])];
  trainer.setLayers(resumed?.layers ?? part.layers);
  if (resumed) {
    trainer.setState(resumed.trainerState);
    hooks.emit({ event: 'resumed', epoch: history.length });
  }
  let trained = 0;
  let trainedSeconds = 0;
  for (let epoch = history.length; epoch < plan.epochs; epoch++) {
    const { inputs, targets } = input.set(epoch % plan.windowSets);
    const count = targets.length / input.classes;
    const order = new Random(deriveSeed(seed, 'order', epoch)).shuffle(Uint32Array.from({ length: count }, (_, i) => i));
    const batchSize = epoch === 0 ? plan.firstEpochBatchSize : plan.batchSize;
    const step = {
      learningRate: plan.learningRate * plan.learningRateFactor ** epoch,
      momentum: plan.momentum,
      weightDecay: plan.weightDecay,
      boostScale: finetuneBoostScale(plan, epoch),
    };
    const chunk = Math.max(1, Math.round(CHUNK_WINDOWS / batchSize)) * batchSize;
    let loss = 0;
    let correct = 0;
    let seconds = 0;
    for (let at = 0; at < count; at += chunk) {
      await nextTurn();
      await hooks.gate();
      if (hooks.stopped()) return { finished: false, layers: trainer.getLayers(), history };
      const some = order.subarray(at, Math.min(at + chunk, count));
      const startMs = performance.now();
      const result = trainer.train(inputs, targets, some, batchSize, step);
      seconds += (performance.now() - startMs) / 1000;
      if (!Number.isFinite(result.loss)) throw new WinnowError('training-diverged', { epoch: epoch + 1 });
      loss += result.loss * some.length;
      correct += result.correct;
      const done = at + some.length;
      const rate = (trained + done) / (trainedSeconds + seconds);
      const secondsLeft = ((plan.epochs - epoch) * count - done) / rate;
      hooks.emit({
        event: 'progress',
        epoch: epoch + 1,
        epochs: plan.epochs,
        done,
        total: count,
        loss: loss / done,
        secondsLeft,
      });
    }
    trained += count;
    trainedSeconds += seconds;
    const layers = structuredClone(trainer.getLayers()) as LayerTensors[];
    const validationAccuracy = input.watch();
    const record: EpochRecord = {
      epoch: epoch + 1,
      loss: loss / count,
      trainAccuracy: correct / count,
      validationAccuracy,
      score: validationAccuracy,
      seconds,
    };
    history.push(record);
    await writeCheckpoint(input.checkpointFile, {
      identity: input.identity,
      history,
      layers,
      trainerState: trainer.getState(),
      best: { epoch: epoch + 1, score: validationAccuracy, layers },
    });
    const { loss: meanLoss, trainAccuracy } = record;
    const shown: FinetuneEpoch = {
      epoch: epoch + 1,
      epochs: plan.epochs,
      loss: meanLoss,
      trainAccuracy,
      validationAccuracy,
      layers: layerUse(part.spec, layers),
      seconds,
    };
    hooks.emit({ event: 'epoch', ...shown });
  }
  return { finished: true, layers: trainer.getLayers(), history };
}
