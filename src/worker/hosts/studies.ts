import type { DecisionSettings, StudyJob } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { StudyState } from '../../shared/study.js';
import type { startStudy, StudyRun } from '../robustness/study-run.js';
import type { StudyMessage } from '../robustness/study-worker.js';

/** Runs one study at a time and keeps what it found until the next one. */
export class Studies {
  private state: StudyState | null = null;
  private run: StudyRun | undefined;
  private phaseStartedMs = 0;
  private stopping = false;

  /** @param start of the product, or a scripted one */
  constructor(private readonly begin: typeof startStudy) {}

  get current(): StudyState | null {
    return this.state;
  }

  /** @throws WinnowError `study-running` */
  start(job: StudyJob, decision: DecisionSettings): void {
    if (this.run) throw new WinnowError('study-running');
    const number = (this.state?.number ?? 0) + 1;
    this.stopping = false;
    this.phaseStartedMs = performance.now();
    const run = this.begin({ job, decision }, (message) => this.take(message));
    this.run = run;
    this.state = {
      number,
      kind: job.kind,
      state: 'running',
      phase: 'opening',
      done: 0,
      total: 0,
      unit: '',
      perSecond: 0,
      secondsLeft: null,
    };
    const ended = (change: Partial<StudyState>): void => {
      this.run = undefined;
      if (this.state) this.state = { ...this.state, secondsLeft: null, ...change };
    };
    run.ended.then(
      () => ended({ state: this.stopping ? 'stopped' : 'done' }),
      (error: unknown) => ended({ state: 'failed', error: WinnowError.from(error).report() }),
    );
  }

  /** What is finished stays; nothing happens when nothing runs. */
  stop(): void {
    if (!this.run) return;
    this.stopping = true;
    this.run.stop();
  }

  async close(): Promise<void> {
    await this.run?.kill();
  }

  private take(message: StudyMessage): void {
    const { state } = this;
    if (!state) return;
    switch (message.type) {
      case 'progress': {
        const { phase, done, total, unit } = message;
        if (phase !== state.phase) this.phaseStartedMs = performance.now();
        const seconds = (performance.now() - this.phaseStartedMs) / 1000;
        const perSecond = phase === state.phase && seconds > 0 ? done / seconds : 0;
        const secondsLeft = perSecond > 0 ? (total - done) / perSecond : null;
        this.state = { ...state, phase, done, total, unit, perSecond, secondsLeft };
        return;
      }
      case 'part':
      case 'score':
        this.state = { ...state, score: message.score };
        return;
      case 'calibration':
        this.state = { ...state, calibration: message.calibration };
        return;
      case 'error':
        return;
    }
  }
}
