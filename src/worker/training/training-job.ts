import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import os from 'node:os';
import { WinnowError } from '../../shared/errors.js';
import { createBatchExtractor, type BatchExtractor } from '../features/batch.js';
import { withBoostScale } from '../network/boosting.js';
import { initialLayers } from '../network/initial.js';
import type { Model, TrainingReport } from '../network/model.js';
import { decodeModel, encodeModel, writeModelFile } from '../network/model-file.js';
import type { WeightPrecision } from '../network/model-tensors.js';
import type { NativeEngine } from '../network/native.js';
import { isaOverride, loadNative } from '../network/native-loader.js';
import { checkpointPath, readCheckpoint, type EpochRecord, type KeptEpoch } from './checkpoint.js';
import { ClipStore } from './clip-store.js';
import { initialMasks, skipOption } from './connections.js';
import { codeVersion, machineName } from './code-version.js';
import { measureCost } from './cost.js';
import { clipsOf, dividedForTraining, isWord, listData, type Listing } from './dataset.js';
import { Teachers, type Distillation } from './distillation.js';
import { clipItems, evaluate, evaluationWindows, NOISE_ETAS, silenceItems, validate, type Evaluation } from './evaluation.js';
import type { EvaluationItem, ValidationSet } from './evaluation.js';
import type { Split } from './hash-split.js';
import { NoiseRecordings } from './noise-recordings.js';
import { needsRecordings, PremadeEpochs } from './premade-epochs.js';
import { deriveSeed } from './random.js';
import type { Recipe } from './recipe.js';
import { boostScale, trainNetwork, type EpochProgress } from './trainer.js';

/** One training run, as it is handed to the worker. */
export interface TrainingJob {
  readonly recipe: Recipe;
  readonly seed: number;
  /** The data folder. */
  readonly data: string;
  /** The model file to write; its checkpoint stands beside it. */
  readonly out: string;
  /** Begin anew even where there is a checkpoint. */
  readonly restart: boolean;
  /** Of the weights in the file; the report's figures are those of the weights as stored. */
  readonly precision: WeightPrecision;
  /** Native threads; 0 is one per core. */
  readonly threads: number;
  /** Whether the best epoch's network is scored on the test part at the end. */
  readonly test: boolean;
  /**
   * Whether the test part is also watched while training, and the epoch that is best on it reported beside, as the documents
   * chose theirs. Nothing is chosen by it.
   */
  readonly watchTest?: boolean;
  /** Whose answers it learns beside the labels. */
  readonly distillation?: Distillation;
  /** How the run was called, for the report. */
  readonly command: string;
}

export type TrainingEvent =
  | {
      readonly event: 'phase';
      readonly phase: 'decoding' | 'augmenting' | 'testing';
      readonly done: number;
      readonly total: number;
    }
  | { readonly event: 'resumed'; readonly epoch: number }
  | ({ readonly event: 'progress' } & EpochProgress)
  | ({ readonly event: 'epoch'; readonly best: boolean } & EpochRecord);

export interface TrainingOutcome {
  /** False after a stop: the checkpoint holds everything up to `epochs`. */
  readonly finished: boolean;
  readonly epochs: number;
  readonly bestEpoch: number | null;
  readonly report: TrainingReport | null;
}

export interface TrainingHooks {
  emit(event: TrainingEvent): void;
  stopped(): boolean;
}

/** Seed of the white noise in validation and test, the same for every run: all are judged alike. */
export const EVALUATION_SEED = 1;
/** Signal-to-noise ratio at which words are judged amid the background recordings of their part. */
export const BACKGROUND_SNR_DB = 5;

function requireEngine(): NativeEngine {
  const native = loadNative();
  if (native.engine === null) throw new WinnowError('training-no-engine', { reason: native.reason });
  return native.engine;
}

async function openPart(listing: Listing, part: Split, recipe: Recipe, hooks: TrainingHooks): Promise<ClipStore> {
  const clips = clipsOf(listing, part);
  if (!clips.some((clip) => isWord(clip.word) && recipe.labels.includes(clip.word))) {
    throw new WinnowError('training-no-part', { path: listing.root, part });
  }
  const missing = recipe.labels.filter((label) => isWord(label) && !clips.some(({ word }) => word === label));
  if (missing.length > 0) {
    throw new WinnowError('training-no-class', { path: listing.root, part, classes: missing.join(', ') });
  }
  return ClipStore.open(listing, clips, (done, total) => hooks.emit({ event: 'phase', phase: 'decoding', done, total }));
}

/** Clips of a part by class: what the report says about the split. */
function counts(items: readonly EvaluationItem[], labels: readonly string[]): Record<string, number> {
  return Object.fromEntries(labels.map((label, i) => [label, items.filter((item) => item.target === i).length]));
}

function validationSets(
  items: readonly EvaluationItem[],
  recipe: Recipe,
  extractor: BatchExtractor,
  etas: readonly number[] = recipe.validationEtas,
): ValidationSet[] {
  return etas.map((eta) => ({
    eta,
    windows: evaluationWindows(items, eta, EVALUATION_SEED, recipe.features, extractor),
    targets: Int32Array.from(items, (item) => item.target),
  }));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The part of an evaluation that a report keeps. */
function figures(evaluation: Evaluation): Record<string, unknown> {
  const { n, accuracy, noise, background, unknownAccuracy, silenceAccuracy } = evaluation;
  return { n, accuracy, noise, background, unknownAccuracy, silenceAccuracy };
}

/**
 * Trains one network from data to model file, in this thread: decoding and augmentation where the cache does not have them,
 * training from the checkpoint where there is one, validation after every epoch, and the report at the end.
 * @throws WinnowError with a code `training-...`, `audio-...`, `model-...` or `network-...`
 */
export async function runTraining(job: TrainingJob, hooks: TrainingHooks): Promise<TrainingOutcome> {
  const { recipe, seed } = job;
  const engine = requireEngine();
  const listing = dividedForTraining(await listData(job.data));
  const train = await openPart(listing, 'train', recipe, hooks);
  const validation = await openPart(listing, 'validation', recipe, hooks);
  const test = job.test ? await openPart(listing, 'test', recipe, hooks) : null;
  const threads = job.threads > 0 ? job.threads : os.availableParallelism();
  const teachers = job.distillation ? await Teachers.open(job.distillation, recipe, engine, threads) : null;
  try {
    const noise = await NoiseRecordings.load(listing, 'train');
    if (needsRecordings(recipe) && noise.isEmpty) throw new WinnowError('training-no-noise', { path: listing.root });
    const extractor = createBatchExtractor(recipe.features, engine);
    const epochs = new PremadeEpochs({ recipe, clips: train, noise, extractor });
    await epochs.make((done, total) => hooks.emit({ event: 'phase', phase: 'augmenting', done, total }), hooks.stopped);
    if (hooks.stopped()) return { finished: false, epochs: 0, bestEpoch: null, report: null };

    const judged = clipItems(validation, recipe.labels);
    // A recipe that never hears real silence is not chosen by it.
    if (recipe.silence.zerosShare < 1)
      judged.push(...silenceItems(await NoiseRecordings.load(listing, 'validation'), recipe.labels));
    const sets = validationSets(judged, recipe, extractor);

    const isa = isaOverride();
    const trainer = new engine.Trainer(recipe.network, {
      seed: deriveSeed(seed, 'trainer'),
      threads,
      ...(isa ? { isa } : {}),
      ...skipOption(recipe),
    });
    trainer.setLayers(initialLayers(recipe.network, seed, initialMasks(recipe)));
    const identity = createHash('sha256')
      .update(
        JSON.stringify([
          recipe,
          seed,
          train.hash,
          validation.hash,
          isa ?? engine.info().isa,
          ...(teachers ? [teachers.report] : []),
        ]),
      )
      .digest('hex');
    const checkpointFile = checkpointPath(job.out);
    if (job.restart) rmSync(checkpointFile, { force: true });
    const resumed = readCheckpoint(checkpointFile, identity);
    if (resumed) hooks.emit({ event: 'resumed', epoch: resumed.history.length });

    const logitsOfTrainer = (windows: Float32Array, count: number): Float32Array => trainer.logits(windows, count);
    const watched = job.watchTest && test ? validationSets(clipItems(test, recipe.labels), recipe, extractor, [0]) : null;
    const result = await trainNetwork(
      {
        recipe,
        seed,
        trainer,
        trainingSet: (epoch) => {
          const set = epochs.read(epoch % epochs.count, deriveSeed(seed, 'floor', epoch));
          return teachers ? teachers.answered(set, recipe.labels.length) : set;
        },
        validate: () => validate(sets, recipe.labels, logitsOfTrainer),
        ...(watched ? { watchTest: () => validate(watched, recipe.labels, logitsOfTrainer).accuracy } : {}),
        identity,
        checkpointFile,
      },
      {
        onProgress: (progress) => hooks.emit({ event: 'progress', ...progress }),
        onEpoch: (record, best) => hooks.emit({ event: 'epoch', best, ...record }),
        stopped: hooks.stopped,
      },
    );
    const { best, bestOnTest, history } = result;
    if (!result.finished || best === null) {
      return { finished: false, epochs: history.length, bestEpoch: best?.epoch ?? null, report: null };
    }

    const networkOf = ({ epoch, layers }: KeptEpoch) => {
      const unreported: Model = {
        name: recipe.name,
        // Inference boosts as strongly as that epoch did.
        spec: withBoostScale(recipe.network, boostScale(recipe, epoch - 1)),
        labels: recipe.labels,
        features: recipe.features,
        layers,
      };
      // What is scored is what is stored, rounding and all.
      const { model } = decodeModel(encodeModel(unreported, job.precision));
      return { model, network: new engine.Network(model.spec, model.layers, isa ? { isa } : {}) };
    };
    const { model, network: scored } = networkOf(best);
    const score = async (clips: ClipStore, part: Split, network = scored): Promise<Evaluation> => {
      const recordings = await NoiseRecordings.load(listing, part);
      return evaluate({
        labels: model.labels,
        features: model.features,
        items: [...clipItems(clips, model.labels), ...silenceItems(recordings, model.labels)],
        extractor,
        logits: (windows, count) => network.run(windows, count, threads, false).logits,
        etas: NOISE_ETAS,
        ...(recordings.isEmpty ? {} : { background: { recordings, snrDb: BACKGROUND_SNR_DB } }),
        seed: EVALUATION_SEED,
        onProgress: (done, total) => hooks.emit({ event: 'phase', phase: 'testing', done, total }),
      });
    };
    const validated = await score(validation, 'validation');
    const trainItems = clipItems(train, recipe.labels);
    const split: Record<string, unknown> = {
      train: counts(trainItems, recipe.labels),
      validation: counts(judged, recipe.labels),
    };
    const hashes: Record<string, string> = { train: train.hash, validation: validation.hash };
    let tested: Evaluation | null = null;
    let testedBestOnTest: Evaluation | null = null;
    if (test) {
      hashes['test'] = test.hash;
      tested = await score(test, 'test');
      split['test'] = Object.fromEntries(recipe.labels.map((label, i) => [label, sum(tested!.confusion.counts[i]!)]));
      if (bestOnTest) testedBestOnTest = await score(test, 'test', networkOf(bestOnTest).network);
    }
    const report: TrainingReport = {
      command: job.command,
      seed,
      data: `${listing.layout}, sha256 ${createHash('sha256').update(Object.values(hashes).join()).digest('hex')}`,
      split: `${listing.layout === 'parts' ? 'as the folders have it' : 'by speaker'}: ${trainItems.length} train, ${judged.length} validation${
        tested ? `, ${tested.n} test clips of known words` : ''
      }`,
      clips: split,
      hashes,
      recipe,
      ...(teachers ? { distillation: teachers.report } : {}),
      bestEpoch: best.epoch,
      epochs: history,
      validationScore: best.score,
      validation: figures(validated),
      ...(tested ? { test: figures(tested) } : {}),
      ...(testedBestOnTest ? { bestOnTest: { epoch: bestOnTest!.epoch, ...figures(testedBestOnTest) } } : {}),
      cost: measureCost(model.spec, scored, sets[0]!.windows, judged.length, threads),
      machine: machineName(),
      isa: isa ?? engine.info().isa,
      code: codeVersion(),
    };
    await writeModelFile(job.out, { ...model, report }, job.precision);
    rmSync(checkpointFile, { force: true });
    return { finished: true, epochs: history.length, bestEpoch: best.epoch, report };
  } finally {
    train.close();
    validation.close();
    test?.close();
  }
}
