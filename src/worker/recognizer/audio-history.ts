/** The last samples of a stream, found by their place in it. */
export class AudioHistory {
  private readonly ring: Float32Array;
  /** Stream position after the newest sample. */
  private end = 0;

  /** @param capacity samples kept */
  constructor(readonly capacity: number) {
    this.ring = new Float32Array(capacity);
  }

  /** @param start stream position of the first sample, not before the end of what is there; zeros fill a hole before it */
  append(samples: Float32Array, start: number): void {
    const hole = start - this.end;
    if (hole > 0) this.write(new Float32Array(Math.min(hole, this.capacity)), start - Math.min(hole, this.capacity));
    this.write(samples, start);
  }

  private write(samples: Float32Array, start: number): void {
    const kept = samples.subarray(Math.max(0, samples.length - this.capacity));
    this.end = start + samples.length;
    const at = (this.end - kept.length) % this.capacity;
    const first = kept.subarray(0, this.capacity - at);
    this.ring.set(first, at);
    this.ring.set(kept.subarray(first.length), 0);
  }

  /** A copy of `length` samples from stream position `start`; zeros where they are not kept or not there yet. */
  slice(start: number, length: number): Float32Array {
    const out = new Float32Array(length);
    const from = Math.max(start, this.end - this.capacity, 0);
    const to = Math.min(start + length, this.end);
    for (let position = from; position < to; position++) out[position - start] = this.ring[position % this.capacity]!;
    return out;
  }
}
