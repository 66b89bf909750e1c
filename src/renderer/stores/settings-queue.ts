import type { Settings } from '../../shared/contract.js';

export type SettingsPatch = Partial<Omit<Settings, 'version'>>;

/**
 * Sends changes of settings one at a time; what changes meanwhile is merged and sent next, so a dragged slider acts at once
 * and never floods the host. `settle` gets the host's settings whenever nothing more is waiting.
 */
export class SettingsQueue {
  #waiting: SettingsPatch | null = null;
  #sending = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(
    private readonly send: (patch: SettingsPatch) => Promise<Settings>,
    private readonly settle: (settings: Settings) => void,
    private readonly fail: (error: unknown, patch: SettingsPatch) => void,
  ) {}

  /** Whether the page knows newer settings than the host has confirmed. */
  get busy(): boolean {
    return this.#sending;
  }

  push(patch: SettingsPatch): void {
    this.#waiting = { ...this.#waiting, ...patch };
    if (!this.#sending) this.#idle = this.#drain();
  }

  /** Resolves when the host has answered to everything pushed so far. Never rejects. */
  idle(): Promise<void> {
    return this.#idle;
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    let settings: Settings | null = null;
    while (this.#waiting !== null) {
      const patch = this.#waiting;
      this.#waiting = null;
      try {
        settings = await this.send(patch);
      } catch (error) {
        settings = null;
        this.fail(error, patch);
      }
    }
    this.#sending = false;
    if (settings !== null) this.settle(settings);
  }
}
