import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { WinnowError } from '../../shared/errors.js';
import { loadNative } from '../network/native-loader.js';
import type { NativeEngine } from '../network/native.js';
import { codeVersion, machineName } from '../training/code-version.js';
import { type Assignment, assignments, type Experiment, shard } from './experiment.js';
import { appendResult, readResults, resultFiles, type ResultRecord } from './results.js';
import { checkStop, type RunContext } from './runners/context.js';
import { runCost } from './runners/cost.js';
import { runEvolved } from './runners/evolved.js';
import { runHebbian } from './runners/hebbian.js';
import { runImage } from './runners/image.js';
import type { UnitOutcome } from './runners/outcome.js';
import { runSpeech, speechSpec, trainingOf } from './runners/speech.js';
import { runTeach } from './runners/teach.js';
import { runTheory } from './runners/theory.js';
import type { Task } from './task.js';

export interface SweepOptions {
  readonly seeds: readonly number[];
  /** This process's share, from 0. */
  readonly shard: { readonly index: number; readonly of: number };
  /** Only the unit of this name, or where there is none, those whose names contain it. */
  readonly only?: string;
  /** Folder of the result files. */
  readonly out: string;
  readonly dataFolder: string;
  readonly threads: number;
}

export interface SweepHooks {
  onUnit(assignment: Assignment<Task>, index: number, total: number): void;
  onProgress(fraction: number, text: string): void;
  /** A point of the curve of the unit under way. */
  onPoint?(x: number, y: number): void;
  onResult(record: ResultRecord): void;
  stopped(): boolean;
}

/** Each shard appends to a file of its own, so that processes on several machines never write to the same one. */
export function resultFile(out: string, experiment: string, { index, of }: SweepOptions['shard']): string {
  return join(out, of === 1 ? `${experiment}.jsonl` : `${experiment}.shard-${index}-of-${of}.jsonl`);
}

/**
 * Runs what is missing of an experiment: units that already have a result in the folder, from whichever shard, are left alone, and
 * what another unit has trained alike is taken from there.
 * @returns how many units ran, and how many were there already
 */
export async function runSweep(
  experiment: Experiment<Task>,
  options: SweepOptions,
  hooks: SweepHooks,
): Promise<{ ran: number; kept: number }> {
  mkdirSync(options.out, { recursive: true });
  const { records } = readResults(resultFiles(options.out));
  const done = new Set(records.filter((r) => r.experiment === experiment.name).map((r) => JSON.stringify([r.unit, r.seed])));
  const only = options.only ?? '';
  const named = experiment.units.some(({ name }) => name === only);
  const chosen = assignments(experiment, options.seeds).filter(({ unit }) =>
    named ? unit.name === only : unit.name.includes(only),
  );
  const own = shard(chosen, options.shard.index, options.shard.of);
  const missing = own.filter(({ unit, seed }) => !done.has(JSON.stringify([unit.name, seed])));
  const context: RunContext = {
    get native() {
      return requireEngine();
    },
    dataFolder: options.dataFolder,
    threads: options.threads,
    workFolder: options.out,
    progress: hooks.onProgress,
    point: (x, y) => hooks.onPoint?.(x, y),
    stopped: hooks.stopped,
  };
  for (const [index, assignment] of missing.entries()) {
    checkStop(context);
    hooks.onUnit(assignment, index, missing.length);
    const record = measuredAlready(experiment, assignment, records) ?? (await measured(experiment, assignment, context));
    appendResult(resultFile(options.out, experiment.name, options.shard), record);
    hooks.onResult(record);
  }
  return { ran: missing.length, kept: own.length - missing.length };
}

async function measured(experiment: Experiment<Task>, assignment: Assignment<Task>, context: RunContext): Promise<ResultRecord> {
  const started = performance.now();
  const outcome = await runUnit(experiment, assignment, context);
  return {
    experiment: experiment.name,
    unit: assignment.unit.name,
    seed: assignment.seed,
    ...outcome,
    codeVersion: codeVersion(),
    machine: machineName(),
    finishedAt: new Date().toISOString(),
    seconds: (performance.now() - started) / 1000,
  };
}

/**
 * The result of a unit that trains the same network by the same settings and seed under another name, as the rows that experiments
 * share: the same seed gives the same result, so that training again would only cost time.
 */
function measuredAlready(
  experiment: Experiment<Task>,
  { unit, seed }: Assignment<Task>,
  records: readonly ResultRecord[],
): ResultRecord | null {
  if (unit.task.kind !== 'speech') return null;
  const spec = speechSpec(unit.task);
  const training = trainingOf(spec);
  const same = records.find((record) => record.seed === seed && !record.sameAs && trainingOf(record.spec) === training);
  if (!same) return null;
  const sameAs = `${same.experiment}, ${same.unit}`;
  return { ...same, experiment: experiment.name, unit: unit.name, spec, sameAs, seconds: 0 };
}

async function runUnit(
  experiment: Experiment<Task>,
  { unit, seed }: Assignment<Task>,
  context: RunContext,
): Promise<UnitOutcome> {
  const { task } = unit;
  switch (task.kind) {
    case 'cost':
      return runCost(task);
    case 'theory':
      return runTheory(task, seed);
    case 'image':
      return runImage(task, seed, requireData(context));
    case 'evolved':
      return runEvolved(task, seed, requireData(context));
    case 'hebbian':
      return runHebbian(task, seed, requireData(context));
    case 'teach':
      return runTeach(task, seed, requireData(context));
    case 'speech':
      return runSpeech(task, seed, `${experiment.name}-${unit.name}`, requireData(context));
  }
}

function requireData(context: RunContext): RunContext {
  if (!existsSync(context.dataFolder))
    throw new WinnowError('experiment-no-data', { what: 'everything', folder: context.dataFolder });
  return context;
}

function requireEngine(): NativeEngine {
  const native = loadNative();
  if (native.engine === null) throw new WinnowError('training-no-engine', { reason: native.reason });
  return native.engine;
}
