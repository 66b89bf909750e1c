import type { CallName, CallParams, CallResult } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import {
  NO_LAB_RUN,
  type LabExperiment,
  type LabRun,
  type MatchAnswer,
  type MatchQuestion,
  type MergeNote,
} from '../../shared/lab.js';

type CallEngine = <N extends CallName>(name: N, params: CallParams<N>) => Promise<CallResult<N>>;

/** What the Lab screen knows of the experiments. */
export class LabStore {
  experiments = $state.raw<readonly LabExperiment[] | null>(null);
  /** What the merge of the result files has to tell. */
  notes = $state.raw<readonly MergeNote[]>([]);
  run = $state.raw<LabRun>(NO_LAB_RUN);
  problem = $state.raw<ErrorReport | null>(null);
  /** Finished units when the tables were read. */
  #read = -1;

  constructor(private readonly call: CallEngine) {}

  /** Reads tables and run, as the screen opens. */
  async open(): Promise<void> {
    await this.#attempt(async () => {
      const { experiments, notes } = await this.call('lab.list', {});
      this.experiments = experiments;
      this.notes = notes;
      this.run = await this.call('lab.get', {});
      this.#read = this.run.finished;
    });
  }

  async start(experiment: string, unit: string | null): Promise<void> {
    await this.#attempt(() => this.call('lab.start', { experiment, ...(unit === null ? {} : { unit }) }));
  }

  async stop(): Promise<void> {
    await this.#attempt(() => this.call('lab.stop', {}));
  }

  async match(question: MatchQuestion): Promise<MatchAnswer | null> {
    return (await this.#attempt(() => this.call('lab.match', question))) ?? null;
  }

  dismiss(): void {
    this.problem = null;
  }

  /** The engine told that there is more to see. Tables are read again when a unit has been finished. */
  changed(): void {
    if (this.experiments === null) return;
    void this.#attempt(async () => {
      const run = await this.call('lab.get', {});
      const ended = run.state !== 'running' && this.run.state === 'running';
      this.run = run;
      if (run.finished !== this.#read || ended) await this.open();
    });
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await work();
      this.problem = null;
      return value;
    } catch (error) {
      this.problem = WinnowError.from(error).report();
      return undefined;
    }
  }
}
