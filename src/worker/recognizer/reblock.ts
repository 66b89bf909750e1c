import { BLOCK_SAMPLES, type PcmBlock } from '../audio/recorder.js';

/** One hop of the stream. */
export interface Hop {
  /** Stream position of the first sample. */
  readonly start: number;
  /** `BLOCK_SAMPLES` of them. */
  readonly samples: Float32Array;
}

/** Cuts a stream of blocks of any length into hops. After a gap the rest before it is given up and hops start anew. */
export class Reblocker {
  private readonly rest = new Float32Array(BLOCK_SAMPLES);
  private held = 0;
  /** Stream position after the newest sample. */
  private end = 0;

  push(block: PcmBlock): Hop[] {
    if (block.start !== this.end) this.held = 0;
    this.end = block.start;
    const hops: Hop[] = [];
    for (let at = 0; at < block.samples.length;) {
      const taken = Math.min(BLOCK_SAMPLES - this.held, block.samples.length - at);
      this.rest.set(block.samples.subarray(at, at + taken), this.held);
      this.held += taken;
      this.end += taken;
      at += taken;
      if (this.held === BLOCK_SAMPLES) {
        hops.push({ start: this.end - BLOCK_SAMPLES, samples: this.rest.slice() });
        this.held = 0;
      }
    }
    return hops;
  }

  /** Stream position after the newest sample. */
  get position(): number {
    return this.end;
  }
}
