import { parentPort, workerData } from 'node:worker_threads';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import { runTraining, type TrainingEvent, type TrainingJob, type TrainingOutcome } from './training-job.js';

/** From the worker to whoever started it. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly event: TrainingEvent }
  | { readonly type: 'outcome'; readonly outcome: TrainingOutcome }
  | { readonly type: 'error'; readonly error: ErrorReport };

export const STOP_MESSAGE = 'stop';

const port = parentPort;
if (port) {
  const post = (message: WorkerMessage): void => port.postMessage(message);
  let stopRequested = false;
  port.on('message', (message: unknown) => {
    if (message === STOP_MESSAGE) stopRequested = true;
  });
  runTraining(workerData as TrainingJob, {
    emit: (event) => post({ type: 'event', event }),
    stopped: () => stopRequested,
  })
    .then((outcome) => post({ type: 'outcome', outcome }))
    .catch((error: unknown) => post({ type: 'error', error: WinnowError.from(error).report() }))
    .finally(() => port.close());
}
