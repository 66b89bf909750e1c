import type { BenchEvent, BenchReport } from '../../shared/bench.js';
import { WinnowError } from '../../shared/errors.js';
import type { CpuBenchOptions } from '../bench/options.js';
import { bundleFile } from '../places.js';
import type { BenchMessage } from './bench-host.js';
import { ChildTask } from './child-task.js';

const NONE: BenchReport = {
  state: 'none',
  quick: false,
  startedMs: 0,
  listened: false,
  progress: null,
  machine: null,
  rows: [],
  layers: [],
  published: [],
  problem: null,
};

/** The page's benchmark: one at a time, in a process of its own; what it told so far is kept until the next one. */
export class BenchProcess {
  private current: BenchReport = NONE;
  private readonly task: ChildTask<BenchMessage>;

  /**
   * @param changed told that the report is another one
   * @param file the process to start; the bundle that ships unless told
   */
  constructor(changed: () => void, file = () => bundleFile('bench-host.cjs')) {
    this.task = new ChildTask('benchmark', file, {
      told: ({ event }) => (this.current = withEvent(this.current, event)),
      ended: (state, problem) => (this.current = { ...this.current, state, problem, progress: null }),
      changed,
    });
  }

  get report(): BenchReport {
    return this.current;
  }

  /**
   * @param listening whether the program listens now
   * @throws WinnowError `bench-running`
   */
  start(options: CpuBenchOptions, listening: boolean): void {
    if (this.task.isRunning) throw new WinnowError('bench-running');
    this.task.start(options);
    this.current = { ...NONE, state: 'running', quick: options.quick, startedMs: Date.now(), listened: listening };
  }

  /** Ends a benchmark that runs; what it measured stays. */
  stop(): void {
    this.task.stop();
  }

  /** The program began to listen: the figures are no longer those of a quiet machine. */
  listeningBegan(): void {
    if (!this.task.isRunning || this.current.listened) return;
    this.current = { ...this.current, listened: true };
    this.task.tell();
  }
}

/** The report with one more thing in it. */
export function withEvent(report: BenchReport, event: BenchEvent): BenchReport {
  if (!('event' in event)) return { ...report, rows: [...report.rows, event] };
  switch (event.event) {
    case 'machine':
      return { ...report, machine: event };
    case 'layer':
      return { ...report, layers: [...report.layers, event] };
    case 'published':
      return { ...report, published: [...report.published, event] };
    case 'progress': {
      const { done, total, what } = event;
      return { ...report, progress: { done, total, what } };
    }
  }
}
