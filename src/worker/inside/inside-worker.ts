import { parentPort, workerData } from 'node:worker_threads';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { InsideChanges, LayerFacts, UnitStages } from '../../shared/inside.js';
import { ReferenceBackend } from '../network/reference.js';
import { ModelRegistry } from '../network/registry.js';
import { changedModel } from './changes.js';
import { layerFacts } from './facts.js';
import { unitStages } from './stages.js';

/** What the thread is started with: a model's id. */
export interface InsideWork {
  readonly modelId: string;
}

/** What it can be asked of its model, tried with other winners. */
export type InsideQuestion = { readonly changes: InsideChanges } & (
  | { readonly kind: 'facts' }
  | { readonly kind: 'stages'; readonly window: Float32Array; readonly layer: number; readonly unit: number }
);

export interface InsideAnswers {
  readonly facts: readonly LayerFacts[];
  readonly stages: UnitStages;
}

export type InsideMessage = { readonly answer: InsideAnswers[InsideQuestion['kind']] } | { readonly error: ErrorReport };

const port = parentPort;
if (port) {
  const answer = answering(workerData as InsideWork);
  port.on('message', (question: InsideQuestion) => {
    void answer(question)
      .then((value): InsideMessage => ({ answer: value }))
      .catch((error: unknown): InsideMessage => ({ error: WinnowError.from(error).report() }))
      .then((message) => port.postMessage(message));
  });
}

/** The reference back end is opened when it is needed, and kept for as long as the winners stay as they are. */
function answering({ modelId }: InsideWork): (question: InsideQuestion) => Promise<InsideAnswers[InsideQuestion['kind']]> {
  const loaded = new ModelRegistry().open(modelId);
  // Whoever asks is told.
  loaded.catch(() => undefined);
  let opened: { readonly key: string; readonly reference: ReferenceBackend } | undefined;
  return async (question) => {
    const model = changedModel((await loaded).model, question.changes);
    if (question.kind === 'facts') return layerFacts(model);
    const key = JSON.stringify(question.changes);
    if (opened?.key !== key) opened = { key, reference: new ReferenceBackend(model) };
    return unitStages(opened.reference, question.window, question.layer, question.unit);
  };
}
