import os from 'node:os';
import { runTrainBench } from '../worker/bench/train-bench.js';
import { integerOption, parseArguments, usageError } from './arguments.js';
import { grouped } from './bench-table.js';

const THREADS_MAX = 256;
const SECONDS = 10;

/** `winnow bench train` */
export async function train(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments('bench', args, {
    threads: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (positionals.length > 0) throw usageError('bench', `"${positionals[0]}" belongs to no option`);
  const threads = integerOption('bench', 'threads', values.threads ?? '0', 0, THREADS_MAX) || os.availableParallelism();
  const seconds = integerOption('bench', 'seconds', values.seconds ?? String(SECONDS), 1, 600);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once('SIGINT', stop);
  const rows = await runTrainBench({ threads, seconds }, () => stopped).finally(() => process.off('SIGINT', stop));
  for (const row of rows) {
    const { preset, isa, batch, samplesPerS, secondsPerEpoch, epochSamples, forwardUs, backwardUs, updateUs } = row;
    process.stdout.write(
      values.json
        ? `${JSON.stringify(row)}\n`
        : `${preset.padEnd(16)} ${isa}, ${threads} threads, batch ${batch}: ${grouped(samplesPerS)} samples/s, ` +
            `${secondsPerEpoch.toFixed(1)} s for an epoch of ${grouped(epochSamples)}; µs per sample: forward ${forwardUs.toFixed(0)}, ` +
            `backward ${backwardUs.toFixed(0)}, update ${updateUs.toFixed(0)}\n`,
    );
  }
}
