import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../shared/errors.js';
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

/** The bundle lies beside the one that asks for it, or above its chunks. */
function workerFile(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const candidates = [here, path.dirname(here)].map((folder) => path.join(folder, 'study-worker.cjs'));
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new WinnowError('internal', { reason: `there is no ${candidates[0]}` });
  return found;
}

/** @throws WinnowError `internal` where the program is incomplete */
export function startStudy(work: StudyWork, onMessage: (message: StudyMessage) => void): StudyRun {
  const worker = new Worker(workerFile(), { workerData: work });
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
