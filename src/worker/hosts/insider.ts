import { WinnowError } from '../../shared/errors.js';
import type { InsideChanges, InsideView, ModelFacts, UnitStages } from '../../shared/inside.js';
import { changedModel } from '../inside/changes.js';
import { InsideThread } from '../inside/inside-thread.js';
import { lookInside } from '../inside/look.js';
import type { Backend } from '../network/backend.js';
import type { Model } from '../network/model.js';
import type { ModelSource } from './open-models.js';

/** Sound as a network with these features takes it; null while there is none. */
export type WindowOf = (model: Model) => Promise<Float32Array | null>;

interface Opened {
  readonly key: string;
  readonly asIs: Backend;
  readonly changed: Backend;
  /** Back ends that were opened here. */
  readonly own: readonly Backend[];
}

/** Looks into networks, only when asked to, one look at a time; on the back ends that listen where they are the same. */
export class Insider {
  private opened: Opened | undefined;
  private thread: InsideThread | undefined;
  /** The window that was looked at last, to be stepped through. */
  private held: Float32Array | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  /**
   * @param listening the back end that listens with a model and these winners, if one does: opening another takes its time
   * @param startThread of the product, or of a build elsewhere
   */
  constructor(
    private readonly source: ModelSource,
    private readonly listening: (modelId: string, changes: InsideChanges) => Backend | undefined,
    private readonly startThread = (modelId: string) => new InsideThread(modelId),
  ) {}

  facts(modelId: string, changes: InsideChanges): Promise<ModelFacts> {
    return this.inTurn(async () => {
      const thread = await this.threadOf(modelId);
      return { modelId, layers: await thread.ask({ kind: 'facts', changes }) };
    });
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
      if (!this.held) throw new WinnowError('inside-unit', { layer, unit });
      const thread = await this.threadOf(modelId);
      return thread.ask({ kind: 'stages', changes, window: this.held, layer, unit });
    });
  }

  close(): Promise<void> {
    return this.inTurn(async () => {
      await this.shut();
      await this.thread?.close();
    });
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async open(modelId: string, changes: InsideChanges): Promise<Opened> {
    const key = JSON.stringify([modelId, changes]);
    if (this.opened?.key === key) return this.opened;
    const own: Backend[] = [];
    let model: Model | undefined;
    const backendOf = async (winners: InsideChanges): Promise<Backend> => {
      const shared = this.listening(modelId, winners);
      if (shared) return shared;
      model ??= await this.source.load(modelId);
      const { backend } = await this.source.openBackend('sparse', changedModel(model, winners));
      own.push(backend);
      return backend;
    };
    const changed = await backendOf(changes);
    const asIs = Object.keys(changes).length === 0 ? changed : await backendOf({});
    await this.shut();
    this.opened = { key, asIs, changed, own };
    return this.opened;
  }

  private async threadOf(modelId: string): Promise<InsideThread> {
    if (this.thread?.modelId === modelId && this.thread.isAlive) return this.thread;
    await this.thread?.close();
    return (this.thread = this.startThread(modelId));
  }

  private async shut(): Promise<void> {
    for (const backend of this.opened?.own ?? []) await backend.close();
    this.opened = undefined;
  }
}
