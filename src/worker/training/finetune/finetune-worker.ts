import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { WinnowError, type ErrorReport } from '../../../shared/errors.js';
import type { FinetuneEvent } from '../../../shared/teaching.js';
import { runFinetune, type FinetuneJob, type FinetuneOutcome } from './finetune.js';

/** From the worker to whoever started it. */
export type FinetuneMessage =
  | { readonly type: 'event'; readonly event: FinetuneEvent }
  | { readonly type: 'outcome'; readonly outcome: FinetuneOutcome }
  | { readonly type: 'error'; readonly error: ErrorReport };

/** What the worker is started with. */
export interface FinetuneOrder {
  readonly job: FinetuneJob;
  /** Whether somebody may be listening in the same process, whose sound goes first. */
  readonly yields: boolean;
}

/** From whoever started it to the worker. */
export type FinetuneRequest = 'stop' | 'pause' | 'resume';

/**
 * Listening goes first: on Linux a priority belongs to a thread, and the engine's threads take it over from the one that makes
 * them. Elsewhere it belongs to the whole process, which must not be slowed down.
 */
function yieldToListening(): void {
  if (process.platform !== 'linux') return;
  try {
    os.setPriority(os.constants.priority.PRIORITY_LOW);
  } catch {
    // Not allowed to: then both share the machine.
  }
}

const port = parentPort;
if (port) {
  const { job, yields } = workerData as FinetuneOrder;
  if (yields) yieldToListening();
  const post = (message: FinetuneMessage): void => port.postMessage(message);
  let stopped = false;
  let release: (() => void) | undefined;
  let gate: Promise<void> = Promise.resolve();
  port.on('message', (request: FinetuneRequest) => {
    if (request === 'stop') stopped = true;
    if (request === 'pause' && !release) gate = new Promise((resolve) => (release = resolve));
    if (request !== 'pause') {
      release?.();
      release = undefined;
    }
  });
  runFinetune(job, {
    emit: (event) => post({ type: 'event', event }),
    stopped: () => stopped,
    gate: () => gate,
  })
    .then((outcome) => post({ type: 'outcome', outcome }))
    .catch((error: unknown) => post({ type: 'error', error: WinnowError.from(error).report() }))
    .finally(() => port.close());
}
