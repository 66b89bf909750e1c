import type { InsideChanges } from '../../shared/inside.js';
import type { BackendKind } from '../../shared/network.js';
import type { WinnowError } from '../../shared/errors.js';
import { changedModel } from '../inside/changes.js';
import type { Backend } from '../network/backend.js';
import type { Model } from '../network/model.js';
import type { Listener } from '../recognizer/recognizer.js';

/** Where models and back ends come from. */
export interface ModelSource {
  load(id: string): Promise<Model>;
  /** A back end of the kind asked for, or another one and the reason. */
  openBackend(kind: BackendKind, model: Model): Promise<{ readonly backend: Backend; readonly fallback?: WinnowError }>;
}

/** The models that listen, each opened once for as long as it does. */
export class OpenModels {
  private open = new Map<string, Listener>();
  /** As they are in their files. */
  private readonly loaded = new Map<string, Model>();

  constructor(
    private readonly source: ModelSource,
    private readonly report: (error: unknown) => void,
  ) {}

  /**
   * Opens what is not open yet, in order. A model that cannot be opened is reported and left out; when that is the first one,
   * which decides, nothing changes and its error is thrown.
   * @param winners that the first one is tried with
   * @returns the listeners, and what `close` takes once they no longer listen
   */
  async choose(
    ids: readonly string[],
    kind: BackendKind,
    winners: InsideChanges = {},
  ): Promise<{ listeners: Listener[]; unused: Listener[] }> {
    const chosen = new Map<string, Listener>();
    for (const [place, id] of [...new Set(ids)].entries()) {
      const changes = place === 0 ? winners : {};
      const key = keyOf(kind, id, changes);
      const known = this.open.get(key);
      if (known) {
        chosen.set(key, known);
        continue;
      }
      try {
        chosen.set(key, await this.openOne(id, kind, changes));
      } catch (error) {
        if (place === 0) throw error;
        this.report(error);
      }
    }
    const unused = [...this.open.values()].filter((listener) => ![...chosen.values()].includes(listener));
    this.open = chosen;
    for (const id of this.loaded.keys()) if (!ids.includes(id)) this.loaded.delete(id);
    return { listeners: [...chosen.values()], unused };
  }

  /** The back end that was opened for a model with these winners, if it is one that computes only what is not zero. */
  opened(id: string, winners: InsideChanges): Backend | undefined {
    return this.open.get(keyOf('sparse', id, winners))?.backend;
  }

  /** Forgets all models, so that changed files are read again. @returns what `close` takes once they no longer listen */
  forget(): Listener[] {
    const unused = [...this.open.values()];
    this.open.clear();
    this.loaded.clear();
    return unused;
  }

  async close(listeners: readonly Listener[]): Promise<void> {
    for (const { backend } of listeners) await backend.close();
  }

  private async openOne(id: string, kind: BackendKind, changes: InsideChanges): Promise<Listener> {
    const model = this.loaded.get(id) ?? (await this.source.load(id));
    this.loaded.set(id, model);
    const { backend, fallback } = await this.source.openBackend(kind, changedModel(model, changes));
    if (fallback) this.report(fallback);
    return { modelId: id, backend };
  }
}

function keyOf(kind: BackendKind, id: string, changes: InsideChanges): string {
  return JSON.stringify([kind, id, changes.boostAtInference ?? null, changes.kInferenceFactor ?? null]);
}
