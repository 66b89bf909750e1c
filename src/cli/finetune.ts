import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { WinnowError } from '../shared/errors.js';
import type { FinetuneEvent, FinetuneReport } from '../shared/teaching.js';
import { MODEL_FILE_EXTENSION } from '../worker/network/model-file.js';
import { ModelRegistry } from '../worker/network/registry.js';
import { winnowHome } from '../worker/places.js';
import type { FinetuneJob } from '../worker/training/finetune/finetune.js';
import { startFinetune } from '../worker/training/finetune/finetune-run.js';
import { FINETUNE_MODES, FINETUNE_PLANS, FinetunePlan, TRAINED_LAYERS } from '../worker/training/finetune/plan.js';
import { choiceOption, integerOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { Progress } from './progress.js';

const TAKES_MAX = 10_000;

const usage = `winnow finetune --clips DIR [options]

Teaches a model the words whose takes lie in a folder: DIR/<word>/<take>.wav or .flac. Words that it knows already are improved,
others become new outputs. DIR/_background_ may hold sound of the room, 20 s or more.

  --model M         a model's name or file (the active model)
  --clips DIR       a folder of word folders; without it the takes of "winnow collect"
  --words A,B       teach only these; the other folders of DIR are other words to judge by
  --takes N         learn from N takes of each word, drawn by the seed; the others are held out
  --test DIR        judge by the takes in this folder instead; without it and --takes every third take is held out
  --data DIR        training data to keep the old words by, and the old test list to judge by; without it there is no old test
                    list, and the clips that ship and the old network's own answers keep the old words
  --old-list DIR    judge the old words by the test part of this data, without learning from it
  --seed S          of everything that is drawn (1)
  --mode M          ${FINETUNE_MODES.join(', ')} (quick)
  --set KEY=VALUE   change any part of the plan; repeatable (layers=${TRAINED_LAYERS.join('|')}, boostStrength=0, epochs=10)
  --out FILE        the model file to write; without it a new version among your models
  --use             make the new version the active model
  --threads N       native threads (one per core)
  --show            print the plan as JSON and stop
  --json            one JSON object per line: phase, resumed, progress, epoch; at the end {newWords[{word, recall, heldOut,
                    falseAccepts, falseAcceptsBandLimited, falseAcceptsOtherWords}], oldAccuracyBefore, oldAccuracyAfter,
                    seconds, entropy[{name, entropy, maximum}], model, ...}

recall is of the held-out takes, cut to the spoken second as every take is; falseAccepts are of the old test list (every clip of
its test part that is not the word), of the same list without anything above 4 kHz, and of the other words' held-out takes:
always the output with the highest score.`;

/** @throws WinnowError of wrong usage */
function planOf(mode: string | undefined, settings: readonly string[]): FinetunePlan {
  const plan: Record<string, unknown> = {
    ...FINETUNE_PLANS[mode === undefined ? 'quick' : choiceOption('finetune', 'mode', mode, FINETUNE_MODES)],
  };
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    const key = setting.slice(0, Math.max(0, equals));
    if (!Object.hasOwn(plan, key)) throw usageError('finetune', `--set ${setting}: the plan has no such key`);
    const text = setting.slice(equals + 1);
    plan[key] = text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  }
  const parsed = FinetunePlan.safeParse(plan);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw usageError('finetune', `${issue.path.join('.')}: ${issue.message}`);
}

const percent = (fraction: number | null): string => (fraction === null ? '-' : `${(100 * fraction).toFixed(2)} %`);

function reporter(json: boolean, progress: Progress): (event: FinetuneEvent) => void {
  if (json) return (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
  return (event) => {
    switch (event.event) {
      case 'phase':
        progress.update(event.phase, event.done, event.total, event.phase === 'decoding' ? 'clips' : 'windows');
        break;
      case 'resumed':
        progress.say(`going on after epoch ${event.epoch}`);
        break;
      case 'progress': {
        const done = (event.epoch - 1) * event.total + event.done;
        progress.update(`epoch ${event.epoch}`, done, event.epochs * event.total, 'windows', `loss ${event.loss.toFixed(3)}`);
        break;
      }
      case 'epoch': {
        const entropy = event.layers.map((layer) => `${layer.name} ${percent(layer.entropy / layer.maximum)}`).join(', ');
        progress.say(
          `epoch ${event.epoch}: loss ${event.loss.toFixed(4)}, watched ${percent(event.validationAccuracy)}` +
            `${entropy && `, entropy of the most possible: ${entropy}`}`,
        );
      }
    }
  };
}

function describe(report: FinetuneReport, model: string): string {
  const lines = report.newWords.map(
    (word) =>
      `${word.word.padEnd(12)} heard ${percent(word.recall)} of ${word.heldOut} held-out takes; false accepts: ` +
      `${percent(word.falseAccepts)}, band-limited ${percent(word.falseAcceptsBandLimited)}, ` +
      `other words ${percent(word.falseAcceptsOtherWords)}`,
  );
  const list = report.oldList === 'data' ? 'test list' : 'clips that ship';
  lines.push(
    `old words    ${percent(report.oldAccuracyBefore)} before, ${percent(report.oldAccuracyAfter)} after (${report.oldClips}, ${list})`,
    `flipped      ${report.flippedBetter} clips for the better, ${report.flippedWorse} for the worse`,
    `time         ${report.seconds.toFixed(1)} s until it could be used, ${report.judgingSeconds.toFixed(1)} s to judge it`,
    ...report.notes,
    model,
  );
  return lines.join('\n');
}

async function run(job: FinetuneJob, json: boolean): Promise<FinetuneReport> {
  const progress = new Progress();
  const running = startFinetune(job, false, reporter(json, progress));
  let asked = false;
  const interrupt = (): void => {
    // The training thread may be deep in native code, which an orderly exit would wait for or break.
    if (asked) process.kill(process.pid, 'SIGKILL');
    asked = true;
    progress.say('Stopping after this step; once more to leave at once.');
    running.request('stop');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const { report, epochs } = await running.outcome;
    progress.clear();
    if (!report) throw new WinnowError('finetune-stopped', { epoch: epochs });
    return report;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

export const command: Command = {
  name: 'finetune',
  summary: 'Teach a model words from a few takes of each',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('finetune', args, {
      model: { type: 'string' },
      clips: { type: 'string' },
      words: { type: 'string' },
      takes: { type: 'string' },
      test: { type: 'string' },
      data: { type: 'string' },
      'old-list': { type: 'string' },
      seed: { type: 'string' },
      mode: { type: 'string' },
      set: { type: 'string', multiple: true },
      out: { type: 'string' },
      use: { type: 'boolean' },
      threads: { type: 'string' },
      show: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw usageError('finetune', `"${positionals[0]}" belongs to no option`);
    const plan = planOf(values.mode, values.set ?? []);
    if (values.show) {
      process.stdout.write(`${JSON.stringify(plan, null, 2)}\n`);
      return;
    }
    if (values.use && values.out !== undefined) throw usageError('finetune', '--use belongs to a version, not to --out');
    const registry = new ModelRegistry();
    const { id, name } = await registry.summaryOf(values.model);
    const seed = integerOption('finetune', 'seed', values.seed ?? '1', 0, 2 ** 31 - 1);
    const candidate = values.out
      ? path.resolve(values.out)
      : path.join(winnowHome(), 'teaching', `${process.pid}${MODEL_FILE_EXTENSION}`);
    await mkdir(path.dirname(candidate), { recursive: true });
    const job: FinetuneJob = {
      model: id,
      clips: values.clips ?? path.join(winnowHome(), 'takes'),
      ...(values.words === undefined ? {} : { words: values.words.split(',') }),
      ...(values.takes === undefined ? {} : { takes: integerOption('finetune', 'takes', values.takes, 1, TAKES_MAX) }),
      ...(values.test === undefined ? {} : { test: values.test }),
      ...(values.data === undefined ? {} : { data: values.data }),
      ...(values['old-list'] === undefined ? {} : { oldList: values['old-list'] }),
      plan,
      seed,
      out: candidate,
      threads: integerOption('finetune', 'threads', values.threads ?? '0', 0, 256),
      command: ['winnow finetune', ...withoutFolders(args)].join(' '),
    };
    const report = await run(job, values.json === true);
    let made = candidate;
    if (values.out === undefined) {
      made = await registry.import(await readFile(candidate), name);
      await rm(candidate, { force: true });
      if (values.use) await registry.use(made);
    }
    if (values.json) {
      const { newWords, oldAccuracyBefore, oldAccuracyAfter, seconds, entropy, ...rest } = report;
      const brief = entropy.map(({ name, entropy: bits, maximum }) => ({ name, entropy: bits, maximum }));
      const line = { ...rest, newWords, oldAccuracyBefore, oldAccuracyAfter, seconds, entropy: brief, model: made };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    } else {
      process.stdout.write(`${describe(report, made)}\n`);
    }
  },
};

/** The options as they were given, without anything of this computer: what a model's report says of its making. */
function withoutFolders(args: readonly string[]): string[] {
  const folders = new Set(['--clips', '--test', '--data', '--old-list', '--out']);
  return args.map((arg, i) => (i > 0 && folders.has(args[i - 1]!) ? (args[i - 1] === '--out' ? 'FILE' : 'DIR') : arg));
}
