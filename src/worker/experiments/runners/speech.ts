import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { WinnowError } from '../../../shared/errors.js';
import { nonZeroParameters } from '../../network/counts.js';
import { type Recipe, withSettings } from '../../training/recipe.js';
import { findRecipe } from '../../training/recipes.js';
import type { EpochRecord } from '../../training/checkpoint.js';
import type { Evaluation } from '../../training/evaluation.js';
import { runTraining } from '../../training/training-job.js';
import type { SpeechTask } from '../task.js';
import type { RunContext } from './context.js';
import { expectedMultiplies, sum } from './cost.js';
import type { UnitOutcome } from './outcome.js';

interface SpeechSpec {
  readonly task: SpeechTask;
  readonly recipe: Recipe;
}

/** What a result says was trained. */
export function speechSpec(task: SpeechTask): SpeechSpec {
  return { task, recipe: withSettings(findRecipe(task.recipe), task.set) };
}

const Trained = z.object({
  task: z.object({ kind: z.literal('speech'), screening: z.literal(true).optional() }),
  recipe: z.looseObject({ network: z.looseObject({}) }),
});

/**
 * The training and judging that the `spec` of a result describes, without the names it goes by, as text to compare; null if it is
 * of another kind.
 */
export function trainingOf(spec: unknown): string | null {
  const trained = Trained.safeParse(spec);
  if (!trained.success) return null;
  const { recipe, task } = trained.data;
  return JSON.stringify([task.screening === true, { ...recipe, name: '', network: { ...recipe.network, name: '' } }]);
}

/**
 * Trains one network on spoken commands; the best epoch on validation is judged on the test part, or on validation again where the
 * unit screens. Its state is kept beside the
 * results after every epoch, so that a killed unit goes on where it was.
 */
export async function runSpeech(task: SpeechTask, seed: number, name: string, context: RunContext): Promise<UnitOutcome> {
  const spec = speechSpec(task);
  const { recipe } = spec;
  const out = join(context.workFolder, `${name.replace(/[^a-zA-Z0-9]+/g, '-')}.seed${seed}.safetensors`);
  const outcome = await runTraining(
    {
      recipe,
      seed,
      data: context.dataFolder,
      out,
      restart: false,
      precision: 'f32',
      threads: context.threads,
      test: !task.screening,
      watchTest: !task.screening,
      command: 'winnow experiment run',
    },
    {
      emit: (event) => {
        if (event.event === 'phase') context.progress(0, `${event.phase} ${event.done} of ${event.total}`);
        if (event.event === 'progress') {
          const done = (event.epoch - 1 + event.done / event.total) / event.epochs;
          context.progress(done, `epoch ${event.epoch} of ${event.epochs}`);
        }
        if (event.event === 'epoch') context.point(event.epoch, event.validationAccuracy);
      },
      stopped: () => context.stopped(),
    },
  );
  if (!outcome.finished) throw new WinnowError('experiment-stopped', { kept: `epoch ${outcome.epochs}` });
  const report = outcome.report!;
  const figures = report[task.screening ? 'validation' : 'test'] as Pick<Evaluation, 'accuracy' | 'noise' | 'background'>;
  const onTest = report['bestOnTest'] as Pick<Evaluation, 'accuracy' | 'noise'> | undefined;
  const history = report['epochs'] as readonly EpochRecord[];
  await rm(out);
  return {
    spec,
    dataHash: report.data,
    metrics: {
      accuracy: figures.accuracy!,
      noise: figures.noise!.mean,
      ...(figures.background ? { background: figures.background.accuracy } : {}),
      nonZeros: nonZeroParameters(recipe.network),
      multiplies: sum(Object.values(expectedMultiplies(recipe.network))),
    },
    ...(onTest ? { bestOnTest: { accuracy: onTest.accuracy!, noise: onTest.noise!.mean } } : {}),
    curves: {
      noise: { x: [...figures.noise!.eta], y: [...figures.noise!.accuracy] },
      validation: { x: history.map((record) => record.epoch), y: history.map((record) => record.validationAccuracy) },
    },
  };
}
