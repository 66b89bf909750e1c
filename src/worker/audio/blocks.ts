import { BLOCK_SAMPLES, type PcmBlock } from './recorder.js';

/**
 * Cuts sound of any portions into blocks of exactly 512 samples and keeps count. Only before a gap and at the end may a block
 * be shorter: every sample that came is given, and every one that was lost is counted.
 */
export class BlockCutter {
  private readonly held = new Float32Array(BLOCK_SAMPLES);
  private count = 0;
  /** Stream position of the next sample. */
  private position = 0;
  private lost = 0;
  /** The first byte of a 16-bit sample whose second one has not come yet. */
  private halfSample: number | undefined;

  constructor(private readonly give: (block: PcmBlock) => void) {}

  /** Stream position after the newest sample, lost ones included. */
  get end(): number {
    return this.position;
  }

  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length;) {
      const taken = Math.min(BLOCK_SAMPLES - this.count, samples.length - at);
      this.held.set(samples.subarray(at, at + taken), this.count);
      this.count += taken;
      this.position += taken;
      at += taken;
      if (this.count === BLOCK_SAMPLES) this.flush();
    }
  }

  /** 16-bit little-endian samples; a portion may end in the middle of one. */
  pushBytes(bytes: Uint8Array): void {
    const total = bytes.length + (this.halfSample === undefined ? 0 : 1);
    const samples = new Float32Array(Math.floor(total / 2));
    let low = this.halfSample;
    let i = 0;
    for (const byte of bytes) {
      if (low === undefined) {
        low = byte;
      } else {
        samples[i++] = (((byte << 8) | low) << 16) / 2 ** 31;
        low = undefined;
      }
    }
    this.halfSample = low;
    this.push(samples);
  }

  /** The source lost so many samples here. */
  lose(samples: number): void {
    if (samples <= 0) return;
    this.flush();
    this.halfSample = undefined;
    this.position += samples;
    this.lost += samples;
  }

  /** Gives what is held, as a shorter block. */
  flush(): void {
    if (this.count === 0) return;
    const block = { start: this.position - this.count, samples: this.held.slice(0, this.count), lostBefore: this.lost };
    this.count = 0;
    this.lost = 0;
    this.give(block);
  }
}
