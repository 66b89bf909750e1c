import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../shared/errors.js';
import { bundleFile } from '../places.js';
import type { StudyMessage, StudyWork } from './study-worker.js';

/** Asks the thread to end after the portion under way. */
export const STOP_MESSAGE = 'stop';

/** A study in a thread of its own. */
export interface StudyRun {
  /** Settles when the thread has ended; rejects with a WinnowError when it failed. */
  readonly ended: Promise<void>;
  /** Asks it to end after the portion under way. */
  stop(): void;
  /** Ends it at once, without its results. */
  kill(): Promise<void>;
}

/** @throws WinnowError `internal` where the program is incomplete */
export function startStudy(work: StudyWork, onMessage: (message: StudyMessage) => void): StudyRun {
  const worker = new Worker(bundleFile('study-worker.cjs'), { workerData: work });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: StudyMessage) => {
      if (message.type === 'error') reject(WinnowError.fromReport(message.error));
      else onMessage(message);
    });
    worker.on('error', (error) => reject(WinnowError.from(error)));
    worker.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new WinnowError('internal', { reason: `the study's thread ended with code ${code}` }));
    });
  });
  return {
    ended,
    stop: () => worker.postMessage(STOP_MESSAGE),
    kill: async () => void (await worker.terminate()),
  };
}
