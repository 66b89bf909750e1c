import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { BenchEvent } from '../../shared/bench.js';
import { runCpuBench } from '../bench/cpu-bench.js';
import type { CpuBenchOptions } from '../bench/options.js';

/** What the benchmark's process tells the engine host. */
export type BenchMessage =
  | { readonly type: 'event'; readonly event: BenchEvent }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: ErrorReport };

/**
 * A benchmark in a process of its own, so that the engine goes on listening while it computes. It is given its options once, and
 * ends with the process that started it.
 */
function main(): void {
  const send = (message: BenchMessage): Promise<void> =>
    new Promise((resolve) => (process.connected ? process.send!(message, undefined, undefined, () => resolve()) : resolve()));
  process.once('disconnect', () => process.exit(0));
  process.once('message', (options) => {
    runCpuBench(options as CpuBenchOptions, { emit: (event) => void send({ type: 'event', event }), stopped: () => false })
      .then(() => send({ type: 'done' }))
      .catch((error: unknown) => send({ type: 'failed', error: WinnowError.from(error).report() }))
      .finally(() => process.exit(0));
  });
}

main();
