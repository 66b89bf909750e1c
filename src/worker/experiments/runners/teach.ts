import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { WinnowError } from '../../../shared/errors.js';
import type { FinetuneReport } from '../../../shared/teaching.js';
import { clipsOf, dividedForTraining, listData, type ClipFile } from '../../training/dataset.js';
import { runFinetune, type FinetuneJob } from '../../training/finetune/finetune.js';
import { FINETUNE_PLANS } from '../../training/finetune/plan.js';
import { deriveSeed, Random } from '../../training/random.js';
import { withSettings } from '../../training/recipe.js';
import { findRecipe } from '../../training/recipes.js';
import { runTraining } from '../../training/training-job.js';
import type { CommandTakes, TeachBase, TeachTask } from '../task.js';
import type { RunContext } from './context.js';
import type { UnitOutcome } from './outcome.js';

/** Networks that are trained here to be taught: the same for every unit. */
const BASE_SEED = 1;

/** Teaches and judges once; the model itself is not kept. */
export async function runTeach(task: TeachTask, seed: number, context: RunContext): Promise<UnitOutcome> {
  const model = task.base.kind === 'shipped' ? task.base.model : await baseWithout(task.base, context);
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'winnow-teach-'));
  try {
    const plan = { ...FINETUNE_PLANS[task.mode], ...task.set };
    const job: FinetuneJob = {
      model,
      ...(await takesOf(task.takes, seed, context, scratch)),
      plan,
      seed,
      ...(task.replay === 'data' ? { data: context.dataFolder } : { oldList: context.dataFolder }),
      out: path.join(scratch, 'taught.safetensors'),
      threads: context.threads,
      command: 'winnow experiment run',
    };
    const { report, dataHash } = await runFinetune(job, {
      emit: (event) => {
        if (event.event === 'phase') context.progress(0, `${event.phase} ${event.done} of ${event.total}`);
        if (event.event === 'progress') {
          context.progress((event.epoch - 1 + event.done / event.total) / event.epochs, `epoch ${event.epoch}`);
        }
        if (event.event === 'epoch') context.point(event.epoch, event.validationAccuracy);
      },
      stopped: () => context.stopped(),
      gate: () => Promise.resolve(),
    });
    if (!report) throw new WinnowError('experiment-stopped', { kept: 'the last whole epoch of the unit under way' });
    return {
      spec: { task, plan },
      dataHash,
      metrics: metrics(report),
      curves: { noise: { x: [...report.noiseAfter.eta], y: [...report.noiseAfter.accuracy] } },
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function metrics(report: FinetuneReport): Record<string, number> {
  const { newWords, oldAccuracyBefore, oldAccuracyAfter, noiseBefore, noiseAfter, entropy, seconds } = report;
  const mean = (values: readonly (number | null)[]): number | null => {
    const present = values.filter((value) => value !== null);
    return present.length > 0 ? present.reduce((sum, value) => sum + value, 0) / present.length : null;
  };
  const hidden = entropy.at(-1);
  const all: Record<string, number | null> = {
    recall: mean(newWords.map((word) => word.recall)),
    falseAccepts: mean(newWords.map((word) => word.falseAccepts)),
    falseAcceptsBandLimited: mean(newWords.map((word) => word.falseAcceptsBandLimited)),
    falseAcceptsOtherWords: mean(newWords.map((word) => word.falseAcceptsOtherWords)),
    oldBefore: oldAccuracyBefore,
    oldChange: oldAccuracyBefore === null || oldAccuracyAfter === null ? null : oldAccuracyAfter - oldAccuracyBefore,
    entropy: hidden ? hidden.entropy / hidden.maximum : null,
    noiseChange: mean(noiseAfter.accuracy)! - mean(noiseBefore.accuracy)!,
    seconds,
  };
  return Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

type Takes = Pick<FinetuneJob, 'clips' | 'test' | 'words' | 'takes'>;

/** @param scratch folder for takes that have to be put together first */
async function takesOf(takes: TeachTask['takes'], seed: number, context: RunContext, scratch: string): Promise<Takes> {
  if (takes.kind === 'command') return commandTakes(takes, seed, context, scratch);
  const clips = path.join(context.dataFolder, 'digits', takes.speaker);
  if (!existsSync(clips))
    throw new WinnowError('experiment-no-data', { what: `digits by ${takes.speaker}`, folder: context.dataFolder });
  return { clips, words: takes.words, takes: takes.takes };
}

/** Files are named after their speaker: `<speaker>_nohash_<take>`. */
const speakerOf = (clip: ClipFile): string => path.basename(clip.path).split('_')[0]!;

/** Takes of so many training speakers that have enough of them, drawn by the seed, and all takes of the test part. */
async function commandTakes(
  { word, speakers, takes }: CommandTakes,
  seed: number,
  context: RunContext,
  scratch: string,
): Promise<Takes> {
  const listing = dividedForTraining(await listData(context.dataFolder));
  const bySpeaker = new Map<string, ClipFile[]>();
  for (const clip of clipsOf(listing, 'train').filter((clip) => clip.word === word)) {
    bySpeaker.set(speakerOf(clip), [...(bySpeaker.get(speakerOf(clip)) ?? []), clip]);
  }
  const able = [...bySpeaker.values()].filter((clips) => clips.length >= takes);
  if (able.length < speakers) {
    throw new WinnowError('experiment-no-data', {
      what: `${takes} takes of "${word}" by ${speakers} speakers`,
      folder: context.dataFolder,
    });
  }
  const random = new Random(deriveSeed(seed, 'speakers'));
  const learned = random
    .shuffle(able)
    .slice(0, speakers)
    .flatMap((clips) => random.shuffle([...clips]).slice(0, takes));
  const copy = async (name: string, clips: readonly ClipFile[]): Promise<string> => {
    const folder = path.join(scratch, name);
    await mkdir(path.join(folder, word), { recursive: true });
    for (const clip of clips)
      await copyFile(path.join(listing.root, clip.path), path.join(folder, word, path.basename(clip.path)));
    return folder;
  };
  return {
    clips: await copy('learned', learned),
    test: await copy(
      'judged',
      clipsOf(listing, 'test').filter((clip) => clip.word === word),
    ),
  };
}

/** A network that never learned one of its recipe's words; trained once, then kept beside the results. */
async function baseWithout(base: Extract<TeachBase, { kind: 'without' }>, context: RunContext): Promise<string> {
  const out = path.join(context.workFolder, `${base.recipe}-without-${base.word}.safetensors`);
  if (existsSync(out)) return out;
  const labels = findRecipe(base.recipe).labels.filter((label) => label !== base.word);
  const recipe = withSettings(findRecipe(base.recipe), [`labels=${JSON.stringify(labels)}`, ...base.set]);
  const outcome = await runTraining(
    {
      recipe,
      seed: BASE_SEED,
      data: context.dataFolder,
      out,
      restart: false,
      precision: 'f32',
      threads: context.threads,
      test: false,
      watchTest: false,
      command: 'winnow experiment run',
    },
    {
      emit: (event) => {
        if (event.event === 'progress') {
          context.progress((event.epoch - 1 + event.done / event.total) / event.epochs, `a network without "${base.word}"`);
        }
      },
      stopped: () => context.stopped(),
    },
  );
  if (!outcome.finished)
    throw new WinnowError('experiment-stopped', { kept: `epoch ${outcome.epochs} of the network without the word` });
  return out;
}
