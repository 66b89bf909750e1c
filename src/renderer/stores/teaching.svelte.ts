import type { CallName, CallParams, CallResult } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { TakeListing, TeachState } from '../../shared/teaching.js';

/** Name of the sound of the room among the takes. */
export const BACKGROUND = '_background_';
/** How often a running training is asked how far it is. */
const ASK_MS = 500;

type Call = <N extends CallName>(name: N, params: CallParams<N>) => Promise<CallResult<N>>;

/** What the page knows of takes and of the training that learns from them. */
export class Teaching {
  takes = $state.raw<TakeListing | null>(null);
  training = $state.raw<TeachState | null>(null);
  /** The word that is being recorded now. */
  recording = $state<string | null>(null);
  problem = $state.raw<ErrorReport | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly call: Call) {}

  async reload(): Promise<void> {
    await Promise.all([this.#takes(), this.#training()]);
  }

  happened(kind: 'takes' | 'teach'): void {
    void (kind === 'takes' ? this.#takes() : this.#training());
  }

  get running(): boolean {
    return this.training?.state === 'running' || this.training?.state === 'paused';
  }

  /** Records one take of a word; a second call for the same word ends the first. */
  async record(word: string): Promise<void> {
    if (this.recording !== null) return this.#try('takes.cancel', {});
    this.recording = word;
    try {
      await this.#try('takes.record', { word });
    } finally {
      this.recording = null;
    }
  }

  async #takes(): Promise<void> {
    this.takes = await this.call('takes.list', {}).catch(() => this.takes);
  }

  async #training(): Promise<void> {
    clearTimeout(this.#timer);
    this.training = await this.call('teach.state', {}).catch(() => this.training);
    if (this.training?.state === 'running') this.#timer = setTimeout(() => void this.#training(), ASK_MS);
  }

  /** Calls, and keeps what goes wrong to be shown where it happened. */
  async #try<N extends CallName>(name: N, params: CallParams<N>): Promise<void> {
    await this.attempt(() => this.call(name, params));
  }

  /** @returns undefined where it failed */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.problem = null;
    try {
      return await work();
    } catch (error) {
      const { code, ...rest } = WinnowError.from(error).report();
      // Who ends a recording knows that it has ended.
      if (code !== 'takes-canceled') this.problem = { code, ...rest };
      return undefined;
    }
  }

  act<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N> | undefined> {
    return this.attempt(() => this.call(name, params));
  }
}
