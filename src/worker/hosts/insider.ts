import { WinnowError } from '../../shared/errors.js';
import type { InsideChanges, InsideView, ModelFacts, UnitStages } from '../../shared/inside.js';
import { changedModel } from '../inside/changes.js';
import { layerFacts } from '../inside/facts.js';
import { lookInside } from '../inside/look.js';
import { unitStages } from '../inside/stages.js';
import type { Backend } from '../network/backend.js';
import type { Model } from '../network/model.js';
import type { ModelSource } from './open-models.js';

/** Sound as a network with these features takes it; null while there is none. */
export type WindowOf = (model: Model) => Promise<Float32Array | null>;

interface Opened {
  readonly key: string;
  readonly asIs: Backend;
  readonly changed: Backend;
}

/** Looks into networks on back ends of its own, only when asked to: what listens is not disturbed. One look at a time. */
export class Insider {
  private opened: Opened | undefined;
  /** The window that was looked at last, to be stepped through. */
  private held: Float32Array | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: ModelSource) {}

  facts(modelId: string, changes: InsideChanges): Promise<ModelFacts> {
    return this.inTurn(async () => ({ modelId, layers: layerFacts((await this.open(modelId, changes)).changed.model) }));
  }

  /** @param window what to look at; without one, what was looked at last. @returns null without sound */
  look(modelId: string, changes: InsideChanges, window: WindowOf | undefined): Promise<InsideView | null> {
    return this.inTurn(async () => {
      const { changed, asIs } = await this.open(modelId, changes);
      const sound = window ? await window(changed.model) : this.held;
      if (!sound) return null;
      this.held = sound;
      return lookInside(modelId, changed, asIs, sound);
    });
  }

  /** @throws WinnowError `inside-unit`, also before anything was looked at */
  unit(modelId: string, changes: InsideChanges, layer: number, unit: number): Promise<UnitStages> {
    return this.inTurn(async () => {
      const { changed } = await this.open(modelId, changes);
      if (!this.held) throw new WinnowError('inside-unit', { layer, unit });
      return unitStages(changed.model, this.held, layer, unit);
    });
  }

  close(): Promise<void> {
    return this.inTurn(() => this.shut());
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async open(modelId: string, changes: InsideChanges): Promise<Opened> {
    const key = JSON.stringify([modelId, changes]);
    if (this.opened?.key === key) return this.opened;
    const model = await this.source.load(modelId);
    const { backend: asIs } = await this.source.openBackend('sparse', model);
    const { backend: changed } = await this.source.openBackend('sparse', changedModel(model, changes));
    await this.shut();
    this.opened = { key, asIs, changed };
    return this.opened;
  }

  private async shut(): Promise<void> {
    await this.opened?.asIs.close();
    await this.opened?.changed.close();
    this.opened = undefined;
  }
}
