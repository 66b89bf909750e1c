import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { WinnowError } from '../../../shared/errors.js';
import type { FinetuneReport } from '../../../shared/teaching.js';
import { createBatchExtractor } from '../../features/batch.js';
import type { Model, TrainingReport } from '../../network/model.js';
import { writeModelFile } from '../../network/model-file.js';
import type { NativeEngine } from '../../network/native.js';
import { isaOverride, loadNative } from '../../network/native-loader.js';
import { ModelRegistry, type OpenedModel } from '../../network/registry.js';
import { cacheFolder } from '../cache.js';
import { ClipStore, type ClipForm } from '../clip-store.js';
import { codeVersion, machineName } from '../code-version.js';
import { clipsOf, dividedForTraining, listData, type ClipFile, type Listing } from '../dataset.js';
import { NoiseRecordings } from '../noise-recordings.js';
import { deriveSeed } from '../random.js';
import type { Recipe } from '../recipe.js';
import { EVALUATION_SEED } from '../training-job.js';
import { withReadiness } from './calibrate.js';
import { fit, finetuneBoostScale, type FinetuneHooks } from './fit.js';
import {
  accuracyOf,
  confusion,
  flips,
  Judge,
  knownWord,
  newWordFigures,
  noiseWindows,
  unknownWord,
  type JudgedClip,
} from './judge.js';
import { layerUse } from './layer-use.js';
import { PartInputs } from './part-inputs.js';
import { withOutputsFor } from './output-layer.js';
import type { FinetunePlan } from './plan.js';
import { replayFromData, replayFromShipped, shippedClips, type Replay } from './replay.js';
import { openTakes, TAKE_FORM, type TakesRequest, type TakesSet } from './takes-set.js';
import { trainedPart, withTrainedPart } from './trained-part.js';
import { watchedAccuracy, watchedWindows } from './watch.js';
import { makeWindowSet, windowSetSize, type WindowSet, type WindowSource } from './windows.js';

/** One fine-tuning, as it is handed to the worker. */
export interface FinetuneJob extends TakesRequest {
  /** The model to start from: an id, a name or a file. */
  readonly model: string;
  readonly plan: FinetunePlan;
  readonly seed: number;
  /** Training data to replay; without it the clips that ship. */
  readonly data?: string;
  /** Data whose test part the old words are judged by; `data` without it, and without both the clips that ship. */
  readonly oldList?: string;
  /** The file that the new model is written to. */
  readonly out: string;
  /** Native threads; 0 is one per core. */
  readonly threads: number;
  /** How the run was called, for the report. */
  readonly command: string;
}

export interface FinetuneOutcome {
  /** False after a stop: what was learned up to `epochs` is kept for the same run. */
  readonly finished: boolean;
  readonly epochs: number;
  readonly report: FinetuneReport | null;
  /** SHA-256 over takes and replayed clips. */
  readonly dataHash: string;
}

/** The part of a model's report that says what it was taught. */
export const FINETUNE_KEY = 'finetune';

function requireEngine(): NativeEngine {
  const native = loadNative();
  if (native.engine === null) throw new WinnowError('training-no-engine', { reason: native.reason });
  return native.engine;
}

/**
 * Teaches a model words, from takes to a model file with its report, in this thread.
 * @throws WinnowError with a code `finetune-...`, `takes-...`, `training-...`, `audio-...`, `model-...` or `network-...`
 */
export async function runFinetune(job: FinetuneJob, hooks: FinetuneHooks): Promise<FinetuneOutcome> {
  const startMs = performance.now();
  const engine = requireEngine();
  const threads = job.threads > 0 ? job.threads : os.availableParallelism();
  const base = await new ModelRegistry().open(job.model);
  const takes = await openTakes(job, job.seed);
  const words = takes.taught.map(({ word }) => word);
  const before = base.model;
  const grown = withOutputsFor(before, words);
  const onClips = (done: number, total: number): void => hooks.emit({ event: 'phase', phase: 'decoding', done, total });
  const replay = job.data
    ? await replayFromData(job.data, before.labels, words, replayClips(job.plan), job.seed, onClips)
    : await replayFromShipped(before.labels, words, job.seed);
  try {
    const dataHash = createHash('sha256').update(takes.hash).update(replay.hash).digest('hex');
    const unfinished = (epochs: number): FinetuneOutcome => ({ finished: false, epochs, report: null, dataHash });
    const run = { job, base, takes, grown, replay, engine, threads };
    const trained = await train(run, hooks);
    if (trained === null) return unfinished(0);
    if (!trained.finished) return unfinished(trained.epochs);
    await writeModelFile(job.out, trained.model);
    const seconds = (performance.now() - startMs) / 1000;
    const judgingMs = performance.now();
    const judged = await judge(run, trained.model, hooks);
    if (judged === null) return unfinished(trained.epochs);
    const report: FinetuneReport = { ...judged, seconds, judgingSeconds: (performance.now() - judgingMs) / 1000 };
    await writeModelFile(job.out, { ...trained.model, report: modelReport(run, report) });
    rmSync(trained.checkpointFile, { force: true });
    return { finished: true, epochs: trained.epochs, report, dataHash };
  } finally {
    replay.close();
  }
}

interface Run {
  readonly job: FinetuneJob;
  readonly base: OpenedModel;
  readonly takes: TakesSet;
  /** The base model with units for the new words. */
  readonly grown: Model;
  readonly replay: Replay;
  readonly engine: NativeEngine;
  readonly threads: number;
}

/** Decoding more clips than these takes longer than they are worth. */
const REPLAY_CLIPS_MAX = 6000;
/** Clips for each window of replay: some of them are only watched. */
const CLIPS_PER_WINDOW = 1.1;

function replayClips({ replayWindows, windowSets }: FinetunePlan): number {
  return Math.min(REPLAY_CLIPS_MAX, Math.ceil(CLIPS_PER_WINDOW * replayWindows * windowSets));
}

interface Trained {
  readonly finished: boolean;
  readonly epochs: number;
  readonly model: Model;
  readonly checkpointFile: string;
}

/** Null when it was stopped before the first epoch. */
async function train(run: Run, hooks: FinetuneHooks): Promise<Trained | null> {
  const { job, base, takes, grown, replay, engine, threads } = run;
  const { plan, seed } = job;
  const isa = isaOverride();
  const old = new engine.Network(base.model.spec, base.model.layers, isa ? { isa } : {});
  const recipe = base.model.report?.['recipe'] as Recipe | undefined;
  const source: WindowSource = {
    plan,
    labels: grown.labels,
    oldLabels: base.model.labels.length,
    features: base.model.features,
    randomFloor: recipe?.augmentation?.randomFloor ?? null,
    extractor: createBatchExtractor(base.model.features, engine),
    taught: takes.taught,
    replay,
    noise: takes.backgrounds.length > 0 ? new NoiseRecordings([...takes.backgrounds, ...replay.noise.recordings]) : replay.noise,
    oldLogits: (windows, count) => old.run(windows, count, threads, false).logits,
    seed,
  };
  const size = windowSetSize(source);
  const sets: WindowSet[] = [];
  for (let set = 0; set < plan.windowSets; set++) {
    const onProgress = (done: number): void =>
      hooks.emit({ event: 'phase', phase: 'augmenting', done: set * size + done, total: plan.windowSets * size });
    sets.push(await makeWindowSet(source, set, onProgress, hooks.stopped));
    if (hooks.stopped()) return null;
  }
  const part = trainedPart(grown, plan);
  const inputs = new PartInputs(grown, part.first, engine, threads);
  const partSets = sets.map(({ windows, targets }) => ({ inputs: inputs.of(windows), targets }));
  const watched = watchedWindows(source);
  const watchedInputs = inputs.of(watched.windows);
  const identity = createHash('sha256')
    .update(JSON.stringify([plan, seed, base.sha256, takes.hash, replay.hash, isa ?? engine.info().isa]))
    .digest('hex');
  const folder = path.join(cacheFolder(), 'finetune');
  mkdirSync(folder, { recursive: true });
  const checkpointFile = path.join(folder, `${identity.slice(0, 32)}.checkpoint`);
  const trainer = new engine.Trainer(part.spec, { seed: deriveSeed(seed, 'trainer'), threads, ...(isa ? { isa } : {}) });
  const result = await fit(
    {
      plan,
      seed,
      trainer,
      part,
      classes: grown.labels.length,
      set: (index) => partSets[index]!,
      watch: () => watchedAccuracy(watched, (count) => trainer.logits(watchedInputs, count), grown.labels.length),
      identity,
      checkpointFile,
    },
    hooks,
  );
  const boostScale = finetuneBoostScale(plan, plan.epochs - 1);
  const { name, spec, labels, features, layers, decision } = withTrainedPart(grown, plan, part, result.layers, boostScale);
  // The base model's report tells of another network: this one gets its own when it is judged.
  const learned: Model = { name, spec, labels, features, layers, ...(decision ? { decision } : {}) };
  const logits = (of: Model, windows: Float32Array, count: number): Float32Array =>
    new engine.Network(of.spec, of.layers, isa ? { isa } : {}).run(windows, count, threads, false).logits;
  const model = result.finished ? withReadiness(learned, source, logits) : learned;
  return { finished: result.finished, epochs: result.history.length, model, checkpointFile };
}

/** Null when it was stopped. */
async function judge(
  run: Run,
  after: Model,
  hooks: FinetuneHooks,
): Promise<Omit<FinetuneReport, 'seconds' | 'judgingSeconds'> | null> {
  const { job, base, takes, engine, threads } = run;
  const before = base.model;
  const words = takes.taught.map(({ word }) => word);
  const onClips = (done: number, total: number): void => hooks.emit({ event: 'phase', phase: 'decoding', done, total });
  const stores: ClipStore[] = [];
  const open = async (listing: Listing, clips: readonly ClipFile[], form?: ClipForm): Promise<JudgedClip[]> => {
    const store = await ClipStore.open(listing, clips, onClips, form);
    stores.push(store);
    return clips.map((clip, i) => ({
      word: clip.word,
      path: path.join(listing.root, clip.path),
      read: (out) => store.read(i, out),
    }));
  };
  try {
    const own = await open(takes.judged.listing, takes.judged.clips, TAKE_FORM);
    const oldList = job.oldList ?? job.data;
    const old = oldList ? await testList(oldList, open) : await shippedClips();
    const known = old.filter((clip) => knownWord(before.labels)(clip.word));
    const judging = new Judge({
      engine,
      extractor: createBatchExtractor(before.features, engine),
      before,
      after,
      threads,
      noiseSeed: EVALUATION_SEED,
      onProgress: (done, total) => hooks.emit({ event: 'phase', phase: 'judging', done, total }),
      stopped: hooks.stopped,
    });
    judging.expect(own.length + 2 * old.length + noiseWindows(known.length));
    const heardOwn = await judging.hear(own);
    const heardOld = await judging.hear(old);
    const narrow = await judging.hearNarrow(old);
    const noise = await judging.noise(known);
    if (hooks.stopped()) return null;
    const ownFlips = flips(own, heardOwn, before.labels, after.labels);
    const oldFlips = flips(old, heardOld, before.labels, after.labels);
    const isKnown = knownWord(before.labels);
    return {
      newWords: words.map((word) =>
        newWordFigures(word, after.labels, { clips: own, heard: heardOwn.after }, { clips: old, heard: heardOld.after, narrow }),
      ),
      oldList: oldList ? 'data' : 'shipped',
      oldClips: known.length,
      oldAccuracyBefore: accuracyOf(old, heardOld.before, before.labels, isKnown),
      oldAccuracyAfter: accuracyOf(old, heardOld.after, after.labels, isKnown),
      unknownBefore: accuracyOf(old, heardOld.before, before.labels, unknownWord),
      unknownAfter: accuracyOf(old, heardOld.after, after.labels, unknownWord),
      confusionBefore: confusion([...old, ...own], join(heardOld.before, heardOwn.before), before.labels),
      confusionAfter: confusion([...old, ...own], join(heardOld.after, heardOwn.after), after.labels),
      flipped: [...ownFlips.flipped, ...oldFlips.flipped],
      flippedBetter: ownFlips.better + oldFlips.better,
      flippedWorse: ownFlips.worse + oldFlips.worse,
      noiseBefore: noise.before,
      noiseAfter: noise.after,
      noiseClips: noise.clips,
      entropy: layerUse(after.spec, after.layers),
      notes: [...takes.notes, ...notes(job, takes, own, heardOwn.after, after.labels)],
    };
  } finally {
    for (const store of stores) store.close();
  }
}

async function testList(
  data: string,
  open: (listing: Listing, clips: readonly ClipFile[]) => Promise<JudgedClip[]>,
): Promise<JudgedClip[]> {
  const listing = dividedForTraining(await listData(data));
  return open(listing, clipsOf(listing, 'test'));
}

function join(first: Int32Array, second: Int32Array): Int32Array {
  const joined = new Int32Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** Of the held-out takes of a word, so many heard as one other taught word make the two sound alike. */
const ALIKE_SHARE = 0.25;

function notes(
  job: FinetuneJob,
  takes: TakesSet,
  own: readonly JudgedClip[],
  heard: Int32Array,
  labels: readonly string[],
): string[] {
  const list: string[] = [];
  if (!job.data && !job.oldList) {
    list.push(
      'Without training data there is no old test list: old words were judged on the clips that ship, by synthesised voices.',
    );
  }
  for (const { word } of takes.taught) {
    const places = own.flatMap((clip, i) => (clip.word === word ? [i] : []));
    if (places.length === 0) list.push(`No take of "${word}" was held out: how well it is heard is not known.`);
    for (const { word: other } of takes.taught) {
      const mistaken = places.filter((i) => labels[heard[i]!] === other).length;
      if (other !== word && places.length > 0 && mistaken / places.length >= ALIKE_SHARE) {
        list.push(`"${word}" is often heard as "${other}": the two sound alike.`);
      }
    }
  }
  return list;
}

function modelReport({ job, base, takes, engine }: Run, report: FinetuneReport): TrainingReport {
  return {
    ...(base.model.report ?? {}),
    command: job.command,
    seed: job.seed,
    data: `${takes.taught.map(({ word, takes: of }) => `${of.length} takes of ${word}`).join(', ')}, sha256 ${takes.hash}`,
    split: job.test
      ? 'a test folder of its own'
      : job.takes
        ? `${job.takes} takes of each word, the others held out`
        : 'every third take held out',
    base: { id: base.id, sha256: base.sha256, labels: base.model.labels },
    plan: job.plan,
    [FINETUNE_KEY]: report,
    machine: machineName(),
    isa: isaOverride() ?? engine.info().isa,
    code: codeVersion(),
  };
}
