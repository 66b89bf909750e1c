import { ISAS } from '../worker/network/native.js';
import { runCpuBench } from '../worker/bench/cpu-bench.js';
import { DEFAULT_BATCHES, DEFAULT_THREADS, type CpuBenchOptions } from '../worker/bench/options.js';
import { choiceOption, integerOption, parseArguments, usageError } from './arguments.js';
import { BenchTable } from './bench-table.js';
import type { Command } from './command.js';
import { Progress } from './progress.js';

const BATCH_MAX = 4096;
const THREADS_MAX = 256;
/** Exit status of a run that was interrupted: 128 + SIGINT. */
const INTERRUPTED_STATUS = 130;

const usage = `winnow bench cpu [options]
winnow bench train [options]

cpu: microseconds per word and words per second of this engine and of ONNX Runtime, in the same process, in turns, on the same clips:
the dense network in float32 and in 8 bits on ONNX Runtime, and the dense and the sparse network on Winnow's own engine.

  --quick           within 40 seconds
  --threads LIST    numbers of threads (1,all)
  --batch LIST      words per call (${DEFAULT_BATCHES.join(',')})
  --isa NAME        only this instruction set: ${ISAS.join(', ')}
  --model M         another sparse network with the same words, beside the one that ships; may be given several times
  --data DIR        the test clips of a data folder instead of the clips that ship
  --json            the machine, then one JSON object per row: engine, preset, dtype, isa, threads, batch, streaming, usP50, usP99,
                    wordsPerS, multiplies, accuracy, maxAbsDiff, ratioToOrtFp32, ratioToOrtInt8 and more; objects with "event" are
                    no rows

train: samples per second and seconds per epoch of the trainer, forward, backward and update apart.

  --threads N       (one per core)
  --seconds S       of measuring, for each network (10)
  --json            one JSON object per network

Close other programs first. Figures depend on the machine; compare those of one run.`;

function listOption(name: string, text: string, most: number): number[] {
  return text.split(',').map((part) => (name === 'threads' && part === 'all' ? 0 : integerOption('bench', name, part, 1, most)));
}

async function cpu(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments('bench', args, {
    quick: { type: 'boolean' },
    threads: { type: 'string' },
    batch: { type: 'string' },
    isa: { type: 'string' },
    model: { type: 'string', multiple: true },
    data: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (positionals.length > 0) throw usageError('bench', `"${positionals[0]}" belongs to no option`);
  const options: CpuBenchOptions = {
    quick: values.quick ?? false,
    threads: values.threads === undefined ? DEFAULT_THREADS : listOption('threads', values.threads, THREADS_MAX),
    batches: values.batch === undefined ? DEFAULT_BATCHES : listOption('batch', values.batch, BATCH_MAX),
    ...(values.isa === undefined ? {} : { isa: choiceOption('bench', 'isa', values.isa, ISAS) }),
    ...(values.model === undefined ? {} : { models: values.model }),
    ...(values.data === undefined ? {} : { data: values.data }),
  };
  const progress = new Progress();
  const table = new BenchTable((line) => process.stdout.write(`${line}\n`));
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once('SIGINT', stop);
  try {
    await runCpuBench(options, {
      emit: (event) => {
        if ('event' in event && event.event === 'progress') {
          progress.update('measuring', event.done, event.total, 'groups', event.what);
        } else {
          progress.clear();
          if (values.json) process.stdout.write(`${JSON.stringify(event)}\n`);
          else table.show(event);
        }
      },
      stopped: () => stopped,
    });
    if (!values.json) table.finish();
  } finally {
    process.off('SIGINT', stop);
    progress.clear();
  }
  if (stopped) process.exitCode = INTERRUPTED_STATUS;
}

export const command: Command = {
  name: 'bench',
  summary: 'Measure how fast networks run and train on this computer, beside ONNX Runtime',
  usage,
  async run([what, ...args]) {
    if (what === 'cpu') await cpu(args);
    else if (what === 'train') await (await import('./bench-train.js')).train(args);
    else throw usageError('bench', what === undefined ? 'cpu or train is missing' : `there is no benchmark "${what}"`);
  },
};
