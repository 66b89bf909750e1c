import type { EngineClient } from '../shared/client.js';
import type { Settings } from '../shared/contract.js';
import { WinnowError } from '../shared/errors.js';
import type { Engine } from './engine.js';

/** The shell looks at the engine's state this often: the tray's text needs no more. */
const LOOK_INTERVAL_MS = 500;

export interface ListeningEvents {
  changed(listening: boolean): void;
  theme(theme: Settings['theme']): void;
  /** Listening was asked for here, not in the page, and could not start. */
  failed(error: WinnowError): void;
}

/** What the shell knows of the engine: whether it listens, and the theme; and the switch for the first. */
export class Listening {
  #now = false;
  readonly #client: EngineClient;
  readonly #events: ListeningEvents;

  constructor(engine: Engine, events: ListeningEvents) {
    this.#events = events;
    this.#client = engine.client({
      // The next snapshot comes only after this has settled.
      snapshot: (snapshot) => {
        this.#become(snapshot.listening);
        return new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
      },
      event: (event) => {
        if (event.kind === 'settings') events.theme(event.settings.theme);
        else if (event.kind === 'ended') this.#become(false);
        else if (event.kind === 'host' && event.state === 'started') void this.#readTheme(events);
      },
    });
  }

  get now(): boolean {
    return this.#now;
  }

  /** Starts or stops. */
  async toggle(): Promise<void> {
    try {
      await this.#client.call(this.#now ? 'listen.stop' : 'listen.start', {});
    } catch (error) {
      // The last snapshot may have caught the attempt.
      this.#become(false);
      this.#events.failed(WinnowError.from(error));
    }
  }

  #become(listening: boolean): void {
    if (listening === this.#now) return;
    this.#now = listening;
    this.#events.changed(listening);
  }

  async #readTheme(events: ListeningEvents): Promise<void> {
    try {
      events.theme((await this.#client.call('settings.get', {})).theme);
    } catch {
      // The host has ended again: the next one is asked.
    }
  }
}
