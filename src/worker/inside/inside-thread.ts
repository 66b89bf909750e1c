import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../shared/errors.js';
import { bundleFile } from '../places.js';
import type { InsideAnswers, InsideMessage, InsideQuestion, InsideWork } from './inside-worker.js';

/**
 * What a model's weights have to tell, in a thread of its own: to go through millions of them and to open the reference back
 * end takes longer than the sound between two inferences.
 */
export class InsideThread {
  private readonly worker: Worker;
  private readonly ended: Promise<never>;
  private hasEnded = false;

  /** @param file the thread's bundle, the one that ships unless told. @throws WinnowError `internal` where it is missing */
  constructor(
    readonly modelId: string,
    file = bundleFile('inside-worker.cjs'),
  ) {
    const work: InsideWork = { modelId };
    this.worker = new Worker(file, { workerData: work });
    this.ended = new Promise((_, reject) => {
      this.worker.on('error', (error) => reject(WinnowError.from(error)));
      this.worker.on('exit', (code) => {
        this.hasEnded = true;
        reject(new WinnowError('internal', { reason: `the thread that looks into the model ended with code ${code}` }));
      });
    });
    // An error only for whoever waits for an answer.
    this.ended.catch(() => undefined);
  }

  get isAlive(): boolean {
    return !this.hasEnded;
  }

  /** One question at a time. @throws WinnowError `inside-unit`, `model-...`, `network-...` */
  async ask<K extends InsideQuestion['kind']>(question: InsideQuestion & { readonly kind: K }): Promise<InsideAnswers[K]> {
    const answered = new Promise<InsideMessage>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage(question);
    const message = await Promise.race([answered, this.ended]);
    if ('error' in message) throw WinnowError.fromReport(message.error);
    return message.answer as InsideAnswers[K];
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
