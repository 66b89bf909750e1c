import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../../shared/errors.js';
import type { FinetuneEvent } from '../../../shared/teaching.js';
import { bundleFile } from '../../places.js';
import type { FinetuneJob, FinetuneOutcome } from './finetune.js';
import type { FinetuneMessage, FinetuneOrder, FinetuneRequest } from './finetune-worker.js';

/** A fine-tuning in a thread of its own. */
export interface FinetuneRun {
  /** Rejects with a WinnowError. */
  readonly outcome: Promise<FinetuneOutcome>;
  /** A stopped run keeps its last whole epoch; starting the same job goes on from there. */
  request(request: FinetuneRequest): void;
}

/** @param yields whether somebody may be listening in this process: then training has the lower priority */
export function startFinetune(job: FinetuneJob, yields: boolean, onEvent: (event: FinetuneEvent) => void): FinetuneRun {
  const order: FinetuneOrder = { job, yields };
  const worker = new Worker(bundleFile('finetune-worker.cjs'), { workerData: order });
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
