import type { NoiseSettings } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { InsideChanges, InsideView, ModelFacts, UnitStages } from '../../shared/inside.js';
import type { Session } from './session.svelte.js';

/** Looks at most this often: 22 times a second. */
const INTERVAL_MS = 45;
/** Looks over which the rate is told. */
const RATE_LOOKS = 15;

/** A network seen from inside while a page shows it. */
export class Inside {
  facts = $state.raw<ModelFacts | null>(null);
  view = $state.raw<InsideView | null>(null);
  unit = $state.raw<UnitStages | null>(null);
  /** Layer and unit that are stepped through. */
  selected = $state.raw<{ readonly layer: number; readonly unit: number } | null>(null);
  frozen = $state(false);
  /** Index of a clip that ships, or live. */
  clip = $state<number | null>(null);
  problem = $state.raw<ErrorReport | null>(null);
  perSecond = $state(0);
  #looks: number[] = [];

  constructor(private readonly session: Session) {}

  /** Other winners than the model was trained for: what listens has them too. */
  get changes(): InsideChanges {
    return this.session.settings?.winners ?? {};
  }

  set changes(winners: InsideChanges) {
    this.session.set({ winners });
  }

  /** Looks again and again until what it returns is called. */
  follow(): () => void {
    let ended = false;
    const step = async (): Promise<void> => {
      const startedMs = performance.now();
      await this.#look();
      if (!ended) setTimeout(() => void step(), Math.max(0, INTERVAL_MS - (performance.now() - startedMs)));
    };
    void step();
    return () => (ended = true);
  }

  async select(layer: number, unit: number): Promise<void> {
    this.selected = { layer, unit };
    await this.#step();
  }

  #asked = '';

  async #look(): Promise<void> {
    const { settings, host, listening } = this.session;
    const model = settings?.models[0];
    if (model === undefined || host !== 'running') return;
    const { changes, clip } = this;
    const noise: NoiseSettings = settings!.noise;
    const question = JSON.stringify([model, changes, clip, noise, this.frozen]);
    // A clip or a frozen window only changes with what is asked of it.
    const still = clip !== null || this.frozen;
    if ((still && question === this.#asked) || (!still && !listening)) return;
    try {
      if (this.facts?.modelId !== model || question !== this.#asked) {
        this.facts = await this.session.call('inside.facts', { model, changes });
      }
      const sound = this.frozen
        ? ({ kind: 'held' } as const)
        : clip !== null
          ? ({ kind: 'clip', index: clip, noise } as const)
          : ({ kind: 'live' } as const);
      const view = await this.session.call('inside.look', { model, changes, sound });
      if (view) this.view = view;
      this.problem = null;
      this.#asked = question;
      this.#count();
      if (still) await this.#step();
    } catch (error) {
      this.#asked = question;
      this.problem = WinnowError.from(error).report();
    }
  }

  async #step(): Promise<void> {
    const { selected, view, changes } = this;
    if (!selected || !view) return;
    try {
      this.unit = await this.session.call('inside.unit', { model: view.modelId, changes, ...selected });
      this.problem = null;
    } catch (error) {
      this.problem = WinnowError.from(error).report();
    }
  }

  #count(): void {
    const now = performance.now();
    this.#looks = [...this.#looks, now].slice(-RATE_LOOKS);
    const seconds = (now - this.#looks[0]!) / 1000;
    this.perSecond = seconds > 0 ? (this.#looks.length - 1) / seconds : 0;
  }
}
