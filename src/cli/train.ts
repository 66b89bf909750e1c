import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { WinnowError } from '../shared/errors.js';
import { readModelFile, writeModelFile } from '../worker/network/model-file.js';
import type { WeightPrecision } from '../worker/network/model-tensors.js';
import { withSettings, type Recipe } from '../worker/training/recipe.js';
import { findRecipe, recipeNames } from '../worker/training/recipes.js';
import { bestSeed, seedSpread, type SeedReport } from '../worker/training/seed-spread.js';
import type { Distillation } from '../worker/training/distillation.js';
import type { TrainingEvent, TrainingJob, TrainingOutcome } from '../worker/training/training-job.js';
import { startTraining } from '../worker/training/training-run.js';
import { integerOption, numberOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { Progress } from './progress.js';

const SEEDS_MAX = 100;
/** What a shell reports for a program that an interrupt ended. */
const INTERRUPTED_EXIT = 130;

const usage = `winnow train --preset NAME --data DIR --out FILE [options]

  --preset NAME      a recipe or a network: ${recipeNames().join(', ')}
  --data DIR         clips: a data root, the unpacked Speech Commands archive, or a folder of word folders
  --out FILE         the model file to write (.safetensors)
  --epochs N         instead of the recipe's
  --seed S           of weights, masks and order (1)
  --seeds N          train N networks with seeds S, S+1, ..., keep the best on validation, report the spread
  --set KEY=VALUE    change any part of the recipe; repeatable (schedule.learningRate=0.02)
  --teacher MODEL    also learn this model's answers (same labels and features); repeatable: their mean
  --teacher-share F  weight of the answers against the labels' (0.7)
  --threads N        native threads (one per core)
  --restart          begin anew even where a stopped run could go on
  --half             store the weights in half precision; scores are those of the rounded weights
  --no-test          leave the test part alone
  --show             print the recipe as JSON and stop
  --json             one JSON object per line: phase, resumed, progress, epoch, done`;

/** Mostly the teachers': they know more than which word was meant. */
const TEACHER_SHARE = 0.7;

const wrong = (reason: string): WinnowError => usageError('train', reason);

function wholeNumber(text: string | undefined, name: string, low: number, high: number): number | undefined {
  return text === undefined ? undefined : integerOption('train', name, text, low, high);
}

interface TrainOptions {
  readonly recipe: Recipe;
  readonly preset: string;
  readonly data: string;
  readonly out: string;
  readonly seed: number;
  readonly seeds: number;
  readonly threads: number;
  readonly distillation?: Distillation;
  readonly restart: boolean;
  readonly precision: WeightPrecision;
  readonly test: boolean;
  readonly json: boolean;
  /** The options that change the result, for the report. */
  readonly changes: readonly string[];
}

function parse(args: string[]): TrainOptions | Recipe {
  const { values, positionals } = parseArguments('train', args, {
    preset: { type: 'string' },
    data: { type: 'string' },
    out: { type: 'string' },
    epochs: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    set: { type: 'string', multiple: true },
    teacher: { type: 'string', multiple: true },
    'teacher-share': { type: 'string' },
    threads: { type: 'string' },
    restart: { type: 'boolean' },
    'no-test': { type: 'boolean' },
    half: { type: 'boolean' },
    show: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  if (positionals.length > 0) throw wrong(`"${positionals[0]}" belongs to no option`);
  if (values.preset === undefined) throw wrong('--preset is missing');
  const epochs = wholeNumber(values.epochs, 'epochs', 1, 10_000);
  const settings = [...(epochs === undefined ? [] : [`schedule.epochs=${epochs}`]), ...(values.set ?? [])];
  const recipe = withSettings(findRecipe(values.preset), settings);
  const { teacher: teachers, 'teacher-share': shareText } = values;
  if (shareText !== undefined && teachers === undefined) throw wrong('--teacher-share needs --teacher');
  const share = shareText === undefined ? TEACHER_SHARE : numberOption('train', 'teacher-share', shareText, 0, 1);
  if (values.show) return recipe;
  if (values.data === undefined) throw wrong('--data is missing');
  if (values.out === undefined) throw wrong('--out is missing');
  return {
    recipe,
    preset: values.preset,
    data: values.data,
    out: path.resolve(values.out),
    seed: wholeNumber(values.seed, 'seed', 0, 2 ** 31 - 1) ?? 1,
    seeds: wholeNumber(values.seeds, 'seeds', 1, SEEDS_MAX) ?? 1,
    threads: wholeNumber(values.threads, 'threads', 0, 256) ?? 0,
    restart: values.restart ?? false,
    precision: values.half ? 'f16' : 'f32',
    test: !(values['no-test'] ?? false),
    json: values.json ?? false,
    ...(teachers === undefined ? {} : { distillation: { teachers, share } }),
    changes: [
      ...settings.flatMap((setting) => ['--set', setting]),
      ...(teachers ?? []).flatMap((teacher) => ['--teacher', path.parse(teacher).name]),
      ...(shareText === undefined ? [] : ['--teacher-share', share]),
      ...(values.half ? ['--half'] : []),
    ].map(String),
  };
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** Shows what a run reports: lines of JSON on stdout, or lines and a bar on stderr. */
function reporter(options: TrainOptions, progress: Progress, seed: number): (event: TrainingEvent) => void {
  if (options.json) return (event) => process.stdout.write(`${JSON.stringify({ seed, ...event })}\n`);
  return (event) => {
    switch (event.event) {
      case 'phase':
        progress.update(event.phase, event.done, event.total, event.phase === 'decoding' ? 'clips' : 'windows');
        break;
      case 'resumed':
        progress.say(`seed ${seed}: going on after epoch ${event.epoch}`);
        break;
      case 'progress': {
        const note = `loss ${event.loss.toFixed(3)}, accuracy ${percent(event.accuracy)}`;
        const done = (event.epoch - 1) * event.total + event.done;
        progress.update(`seed ${seed}, epoch ${event.epoch}`, done, event.epochs * event.total, 'windows', note);
        break;
      }
      case 'epoch':
        progress.say(
          `seed ${seed}, epoch ${event.epoch}: loss ${event.loss.toFixed(4)}, train ${percent(event.trainAccuracy)}, ` +
            `validation ${percent(event.validationAccuracy)}, score ${percent(event.score)}, ` +
            `${event.seconds.toFixed(1)} s${event.best ? ', best so far' : ''}`,
        );
    }
  };
}

async function trainSeed(options: TrainOptions, seed: number, out: string, progress: Progress): Promise<TrainingOutcome> {
  const many = options.seeds > 1 ? ['--seeds', String(options.seeds)] : [];
  const job: TrainingJob = {
    recipe: options.recipe,
    seed,
    data: options.data,
    out,
    restart: options.restart,
    precision: options.precision,
    threads: options.threads,
    ...(options.distillation ? { distillation: options.distillation } : {}),
    test: options.test,
    command: ['winnow train --preset', options.preset, '--data DIR --seed', options.seed, ...many, ...options.changes].join(' '),
  };
  const run = startTraining(job, reporter(options, progress, seed));
  let asked = false;
  const interrupt = (): void => {
    if (asked) process.exit(INTERRUPTED_EXIT);
    asked = true;
    progress.say('Stopping after this step; once more to leave at once.');
    run.stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const outcome = await run.outcome;
    progress.clear();
    return outcome;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Where the networks of a run over several seeds wait until all of them are trained. */
function seedFile(out: string, seed: number): string {
  const { dir, name, ext } = path.parse(out);
  return path.join(dir, `${name}.seed${seed}${ext}`);
}

async function trainAll(options: TrainOptions): Promise<void> {
  const progress = new Progress();
  await mkdir(path.dirname(options.out), { recursive: true });
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const reports: SeedReport[] = [];
  for (const seed of seeds) {
    const out = options.seeds === 1 ? options.out : seedFile(options.out, seed);
    if (options.seeds > 1 && existsSync(out) && !options.restart) {
      const done = await readModelFile(out);
      if (JSON.stringify(done.report?.['recipe']) === JSON.stringify(options.recipe)) {
        progress.say(`seed ${seed}: already trained, ${out}`);
        reports.push(done.report as unknown as SeedReport);
        continue;
      }
    }
    const outcome = await trainSeed(options, seed, out, progress);
    if (!outcome.finished) {
      const kept = outcome.epochs > 0 ? `Its state is kept in ${out}.checkpoint.` : 'Nothing was kept but the cache of clips.';
      throw new WinnowError('training-stopped', { epoch: outcome.epochs, kept });
    }
    reports.push(outcome.report as unknown as SeedReport);
  }
  const best = bestSeed(reports);
  if (options.seeds > 1) {
    const model = await readModelFile(seedFile(options.out, best.seed));
    await writeModelFile(options.out, { ...model, report: { ...model.report!, spread: seedSpread(reports) } }, options.precision);
    for (const seed of seeds) await rm(seedFile(options.out, seed), { force: true });
  }
  const { validation, test } = best;
  if (options.json) {
    const summary = { event: 'done', out: options.out, seed: best.seed, validation, ...(test ? { test } : {}) };
    process.stdout.write(`${JSON.stringify(options.seeds > 1 ? { ...summary, spread: seedSpread(reports) } : summary)}\n`);
    return;
  }
  const line = (part: string, figures: SeedReport['validation']): string =>
    `${part} ${percent(figures.accuracy ?? 0)}, with noise ${percent(figures.noise?.mean ?? 0)}`;
  const scores = [line('validation', validation), ...(test ? [line('test', test)] : [])].join('; ');
  process.stdout.write(`${options.out}: seed ${best.seed}; ${scores}\n`);
}

export const command: Command = {
  name: 'train',
  summary: 'Train a network on a folder of clips',
  usage,
  async run(args) {
    const options = parse(args);
    if ('network' in options) process.stdout.write(`${JSON.stringify(options, null, 2)}\n`);
    else await trainAll(options);
  },
};
