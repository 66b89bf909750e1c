import { setTimeout as delay } from 'node:timers/promises';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { BLOCK_SAMPLES, type PcmBlock, type RecorderEvents } from './recorder.js';

/** `real`: as a microphone would give it; `fast`: as fast as the listener takes it. */
export type Pace = 'real' | 'fast';

/** Gives a finished sound block by block. Nothing is ever lost: blocks that a busy machine delays come late, all of them. */
export class PacedPlayer {
  private readonly aborter = new AbortController();
  private playing: Promise<void> = Promise.resolve();

  constructor(
    private readonly sound: Float32Array,
    private readonly pace: Pace,
  ) {}

  start(events: RecorderEvents): void {
    this.playing = this.play(events).catch((error: unknown) => {
      if (!this.aborter.signal.aborted) events.error(error);
    });
  }

  /** Nothing is given any more once it resolves. */
  async stop(): Promise<void> {
    this.aborter.abort();
    await this.playing;
  }

  private async play(events: RecorderEvents): Promise<void> {
    const { signal } = this.aborter;
    const startedMs = performance.now();
    for (let start = 0; start < this.sound.length; start += BLOCK_SAMPLES) {
      const samples = this.sound.slice(start, start + BLOCK_SAMPLES);
      if (this.pace === 'real') {
        // A block exists once its last sample has been heard.
        const dueMs = startedMs + ((start + samples.length) / SAMPLE_RATE_HZ) * 1000;
        await delay(Math.max(0, dueMs - performance.now()), undefined, { signal });
      }
      if (signal.aborted) return;
      const block: PcmBlock = { start, samples, lostBefore: 0 };
      const taken = events.block(block);
      if (this.pace === 'fast') await taken;
    }
    if (!signal.aborted) events.end();
  }
}
