import { join, resolve } from 'node:path';
import os from 'node:os';
import { WinnowError } from '../shared/errors.js';
import { EXPERIMENTS, findExperiment } from '../worker/experiments/catalogue/index.js';
import { htmlReport } from '../worker/experiments/report-html.js';
import { markdownReport, reportExperiment } from '../worker/experiments/report.js';
import { readResults, resultFiles } from '../worker/experiments/results.js';
import { runSweep } from '../worker/experiments/sweep.js';
import { writeFileAtomically } from '../worker/atomic-file.js';
import { integerOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { Progress } from './progress.js';

const DEFAULT_OUT = 'results';
const SEEDS_MAX = 1000;
const SHARDS_MAX = 10_000;
/** A unit's progress is drawn in thousandths. */
const PROGRESS_STEPS = 1000;

const usage = `winnow experiment list [--json]
winnow experiment run NAME [options]
winnow experiment report [PATH...] [--out DIR] [--json]

run: trains and measures what has no result yet, one JSON line a unit (network x seed)
  --data DIR       the data root (WINNOW_DATA, else ../shared/data)
  --out DIR        folder of the result files (${DEFAULT_OUT})
  --seeds N        that many seeds from the experiment's first one on (its own list)
  --unit TEXT      only the unit of this name, or units whose name contains TEXT
  --shard i/n      every n-th unit from the i-th on (i from 0): one process of a sweep
  --threads N      native threads (one per core)
  --json           each result as it comes

report: merges any number of result files or folders (${DEFAULT_OUT}) into a table beside the published figures
  --out DIR        also writes report.md and report.html there
  --json           the tables as JSON`;

async function list(args: string[]): Promise<void> {
  const { values } = parseArguments('experiment', args, { json: { type: 'boolean' } });
  for (const { name, title, question, units, seeds } of EXPERIMENTS) {
    const runs = units.length * seeds.length;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ name, title, question, units: units.map((unit) => unit.name), seeds })}\n`
        : `${name.padEnd(16)} ${title} (${runs} runs)\n`,
    );
  }
}

function parseShard(text: string): { index: number; of: number } {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || of < 1 || of > SHARDS_MAX || index >= of) {
    throw usageError('experiment', `--shard must be i/n with 0 <= i < n, not "${text}"`);
  }
  return { index, of };
}

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments('experiment', args, {
    data: { type: 'string' },
    out: { type: 'string' },
    seeds: { type: 'string' },
    unit: { type: 'string' },
    shard: { type: 'string' },
    threads: { type: 'string' },
    json: { type: 'boolean' },
  });
  const [name, extra] = positionals;
  if (name === undefined || extra !== undefined) throw usageError('experiment', 'run takes the name of one experiment');
  const experiment = findExperiment(name);
  const seeds = values.seeds === undefined ? null : integerOption('experiment', 'seeds', values.seeds, 1, SEEDS_MAX);
  const progress = new Progress();
  let stop = false;
  const interrupt = (): void => {
    if (!stop) progress.say('Stopping after this step; finished units are kept.');
    stop = true;
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  let label = '';
  const { ran, kept } = await runSweep(
    experiment,
    {
      seeds: seeds === null ? experiment.seeds : Array.from({ length: seeds }, (_, i) => experiment.seeds[0]! + i),
      shard: parseShard(values.shard ?? '0/1'),
      ...(values.unit === undefined ? {} : { only: values.unit }),
      out: resolve(values.out ?? DEFAULT_OUT),
      dataFolder: resolve(values.data ?? process.env.WINNOW_DATA ?? join('..', 'shared', 'data')),
      threads:
        values.threads === undefined ? os.availableParallelism() : integerOption('experiment', 'threads', values.threads, 1, 256),
    },
    {
      onUnit: ({ unit, seed }, index, total) => (label = `${index + 1} of ${total}: ${unit.name}, seed ${seed}`),
      onProgress: (fraction, text) =>
        progress.update(label, Math.round(fraction * PROGRESS_STEPS), PROGRESS_STEPS, 'thousandths', text),
      onResult: (record) => {
        progress.clear();
        const figures = Object.entries(record.metrics).map(([key, value]) => `${key} ${Number(value.toPrecision(5))}`);
        process.stdout.write(
          values.json
            ? `${JSON.stringify(record)}\n`
            : `${record.unit}, seed ${record.seed}: ${figures.join(', ')} (${record.seconds.toFixed(0)} s)\n`,
        );
      },
      stopped: () => stop,
    },
  ).finally(() => progress.clear());
  process.stderr.write(`${name}: ${ran} units ran, ${kept} were there already.\n`);
}

async function report(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments('experiment', args, { out: { type: 'string' }, json: { type: 'boolean' } });
  const paths = positionals.length > 0 ? positionals : [DEFAULT_OUT];
  const { records, notes } = readResults(paths.flatMap((path) => resultFiles(resolve(path))));
  if (records.length === 0) throw new WinnowError('experiment-no-results', { path: paths.join(', ') });
  const present = EXPERIMENTS.filter(({ name }) => records.some((record) => record.experiment === name));
  const reports = present.map((experiment) => reportExperiment(experiment, records));
  if (values.out !== undefined) {
    await writeFileAtomically(join(resolve(values.out), 'report.md'), markdownReport(reports, notes));
    await writeFileAtomically(join(resolve(values.out), 'report.html'), htmlReport(reports, notes));
  }
  process.stdout.write(values.json ? `${JSON.stringify({ reports, notes })}\n` : markdownReport(reports, notes));
}

const ACTIONS: Readonly<Record<string, (args: string[]) => Promise<void>>> = { list, run, report };

export const command: Command = {
  name: 'experiment',
  summary: 'Run the published experiments and compare with the published figures',
  usage,
  async run(args) {
    const [action, ...rest] = args;
    if (action === undefined || !Object.hasOwn(ACTIONS, action)) throw usageError('experiment', 'choose list, run or report');
    await ACTIONS[action]!(rest);
  },
};
