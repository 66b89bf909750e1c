import { fork, type ChildProcess } from 'node:child_process';
import type { BenchEvent, BenchReport } from '../../shared/bench.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { CpuBenchOptions } from '../bench/options.js';
import { bundleFile } from '../places.js';
import type { BenchMessage } from './bench-host.js';

/** Told at most so often that there is something new. */
const TELL_MS = 250;

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
  private child: ChildProcess | undefined;
  private current: BenchReport = NONE;
  private telling: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param changed told that the report is another one
   * @param file the process to start; the bundle that ships unless told
   */
  constructor(
    private readonly changed: () => void,
    private readonly file = () => bundleFile('bench-host.cjs'),
  ) {}

  get report(): BenchReport {
    return this.current;
  }

  /**
   * @param listening whether the program listens now
   * @throws WinnowError `bench-running`
   */
  start(options: CpuBenchOptions, listening: boolean): void {
    if (this.child) throw new WinnowError('bench-running');
    // Under Electron the same program runs as plain Node.
    const child = fork(this.file(), [], { execArgv: [], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
    this.child = child;
    this.current = { ...NONE, state: 'running', quick: options.quick, startedMs: Date.now(), listened: listening };
    child.on('message', (message) => this.told(child, message as BenchMessage));
    child.on('error', (error) => this.end(child, 'failed', WinnowError.from(error).report()));
    child.on('exit', (code, signal) => {
      const reason = `the benchmark's process ended with ${signal ?? `code ${code}`}`;
      this.end(child, 'failed', new WinnowError('internal', { reason }).report());
    });
    child.send(options);
    this.tell();
  }

  /** Ends a benchmark that runs; what it measured stays. */
  stop(): void {
    const child = this.child;
    if (!child) return;
    this.end(child, 'stopped', null);
    child.kill();
  }

  /** The program began to listen: the figures are no longer those of a quiet machine. */
  listeningBegan(): void {
    if (!this.child || this.current.listened) return;
    this.current = { ...this.current, listened: true };
    this.tell();
  }

  private told(child: ChildProcess, message: BenchMessage): void {
    if (child !== this.child) return;
    if (message.type === 'done') this.end(child, 'done', null);
    else if (message.type === 'failed') this.end(child, 'failed', message.error);
    else {
      this.current = withEvent(this.current, message.event);
      this.tell();
    }
  }

  private end(child: ChildProcess, state: BenchReport['state'], problem: ErrorReport | null): void {
    if (child !== this.child) return;
    this.child = undefined;
    this.current = { ...this.current, state, problem, progress: null };
    this.tell();
  }

  private tell(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      this.changed();
    }, TELL_MS);
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
