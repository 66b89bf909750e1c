/** The last samples of a stream, found by their place in it. */
export class AudioHistory {
  private readonly ring: Float32Array;
  /** Stream position after the newest sample. */
  private end = 0;

  /** @param capacity samples kept */
  constructor(readonly capacity: number) {
    this.ring = new Float32Array(capacity);
  }

  append(samples: Float32Array): void {
    const kept = samples.length > this.capacity ? samples.subarray(samples.length - this.capacity) : samples;
    this.end += samples.length - kept.length;
    const at = this.end % this.capacity;
    const first = kept.subarray(0, this.capacity - at);
    this.ring.set(first, at);
    this.ring.set(kept.subarray(first.length), 0);
    this.end += kept.length;
  }

  /** A copy of `length` samples from stream position `start`; zeros where they are not kept or not there yet. */
  slice(start: number, length: number): Float32Array {
    const out = new Float32Array(length);
    const from = Math.max(start, this.end - this.capacity, 0);
    const to = Math.min(start + length, this.end);
    for (let position = from; position < to; position++) out[position - start] = this.ring[position % this.capacity]!;
    return out;
  }

  reset(): void {
    this.end = 0;
  }
}
