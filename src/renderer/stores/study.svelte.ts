import type { StudyJob } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { StudyState } from '../../shared/study.js';
import type { Session } from './session.svelte.js';

/** How often progress is asked for. */
const POLL_MS = 400;

/** The long work in the background, as far as this page follows it. */
export class Study {
  state = $state.raw<StudyState | null>(null);
  problem = $state.raw<ErrorReport | null>(null);

  constructor(private readonly session: Session) {}

  get running(): boolean {
    return this.state?.state === 'running';
  }

  async start(job: StudyJob): Promise<void> {
    await this.#attempt(async () => {
      await this.session.call('study.start', { job });
      await this.#look();
    });
  }

  async stop(): Promise<void> {
    await this.#attempt(async () => this.session.call('study.stop', {}));
  }

  /** Follows the work while a page shows it. @returns what ends that */
  follow(): () => void {
    void this.#look();
    const timer = setInterval(() => void this.#look(), POLL_MS);
    return () => clearInterval(timer);
  }

  async #look(): Promise<void> {
    try {
      this.state = await this.session.call('study.get', {});
    } catch {
      // The status line says that the engine is away.
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = WinnowError.from(error).report();
    }
  }
}
