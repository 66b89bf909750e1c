import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../../shared/errors.js';
import type { FinetuneEvent } from '../../../shared/teaching.js';
import type { FinetuneJob, FinetuneOutcome } from './finetune.js';
import type { FinetuneMessage, FinetuneOrder, FinetuneRequest } from './finetune-worker.js';

/** A fine-tuning in a thread of its own. */
export interface FinetuneRun {
  /** Rejects with a WinnowError. */
  readonly outcome: Promise<FinetuneOutcome>;
  /** A stopped run keeps its last whole epoch; starting the same job goes on from there. */
  request(request: FinetuneRequest): void;
}

/** The bundle lies beside the one that asks for it, or above its chunks. */
function workerFile(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const candidates = [here, path.dirname(here)].map((folder) => path.join(folder, 'finetune-worker.cjs'));
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new WinnowError('internal', { reason: `there is no ${candidates[0]}` });
  return found;
}

/** @param yields whether somebody may be listening in this process: then training has the lower priority */
export function startFinetune(job: FinetuneJob, yields: boolean, onEvent: (event: FinetuneEvent) => void): FinetuneRun {
  const order: FinetuneOrder = { job, yields };
  const worker = new Worker(workerFile(), { workerData: order });
  const outcome = new Promise<FinetuneOutcome>((resolve, reject) => {
    worker.on('message', (message: FinetuneMessage) => {
      if (message.type === 'event') onEvent(message.event);
      else if (message.type === 'outcome') resolve(message.outcome);
      else reject(WinnowError.fromReport(message.error));
    });
    worker.on('error', (error) => reject(WinnowError.from(error)));
    worker.on('exit', (code) => reject(new WinnowError('internal', { reason: `the training thread ended with code ${code}` })));
  });
  return { outcome, request: (request) => worker.postMessage(request) };
}
