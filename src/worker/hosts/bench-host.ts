import type { BenchEvent } from '../../shared/bench.js';
import { runCpuBench } from '../bench/cpu-bench.js';
import type { CpuBenchOptions } from '../bench/options.js';
import { carryOut } from './child-order.js';

/** What the benchmark's process tells the engine host. */
export interface BenchMessage {
  readonly type: 'event';
  readonly event: BenchEvent;
}

/** A benchmark in a process of its own, so that the engine goes on listening while it computes. */
carryOut<CpuBenchOptions, BenchMessage>(async (options, tell) => {
  await runCpuBench(options, { emit: (event) => tell({ type: 'event', event }), stopped: () => false });
});
