import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../shared/errors.js';
import { bundleFile } from '../places.js';
import type { TrainingEvent, TrainingJob, TrainingOutcome } from './training-job.js';
import type { WorkerMessage } from './training-worker.js';

/** A training run in a thread of its own. */
export interface TrainingRun {
  /** Rejects with a WinnowError. */
  readonly outcome: Promise<TrainingOutcome>;
  /** Asks the run to stop after the chunk under way; the outcome then says what was kept. */
  stop(): void;
}

/** Starts a training run in a worker thread, so that the caller stays responsive. */
export function startTraining(job: TrainingJob, onEvent: (event: TrainingEvent) => void): TrainingRun {
  const worker = new Worker(bundleFile('training-worker.cjs'), { workerData: job });
  const outcome = new Promise<TrainingOutcome>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'event') onEvent(message.event);
      else if (message.type === 'outcome') resolve(message.outcome);
      else reject(WinnowError.fromReport(message.error));
    });
    worker.on('error', (error) => reject(WinnowError.from(error)));
    worker.on('exit', (code) => reject(new WinnowError('internal', { reason: `the training thread ended with code ${code}` })));
  });
  return { outcome, stop: () => worker.postMessage('stop') };
}
