/** Reading past the end of a FLAC file. */
export class EndOfBits extends Error {}

/** Bits of a FLAC stream, most significant first. */
export class FlacBits {
  private readonly data: Uint8Array;
  private readonly end: number;
  /** In bits; files have at most 2^27 bytes. */
  private at = 0;

  constructor(bytes: Uint8Array) {
    // Zeros behind the end let every look at 32 bits go unchecked; the position is checked after it.
    this.data = new Uint8Array(bytes.length + 8);
    this.data.set(bytes);
    this.end = bytes.length * 8;
  }

  get bytePosition(): number {
    return this.at >>> 3;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  private advance(bits: number): void {
    this.at += bits;
    if (this.at > this.end) throw new EndOfBits();
  }

  private peek(at: number): number {
    const { data } = this;
    const byte = at >>> 3;
    const shift = at & 7;
    const word = (data[byte]! << 24) | (data[byte + 1]! << 16) | (data[byte + 2]! << 8) | data[byte + 3]!;
    return shift === 0 ? word : (word << shift) | (data[byte + 4]! >>> (8 - shift));
  }

  /** Up to 32 bits, unsigned. */
  bits(count: number): number {
    if (count === 0) return 0;
    const value = this.peek(this.at) >>> (32 - count);
    this.advance(count);
    return value;
  }

  /** Up to 32 bits, two's complement. */
  signed(count: number): number {
    if (count === 0) return 0;
    const value = this.peek(this.at) >> (32 - count);
    this.advance(count);
    return value;
  }

  /** Zeros before the next one, which is taken too. */
  unary(): number {
    let zeros = 0;
    for (;;) {
      const run = Math.clz32(this.peek(this.at));
      zeros += run;
      if (run < 32) {
        this.advance(run + 1);
        return zeros;
      }
      this.advance(32);
    }
  }

  /** `count` Rice-coded values of parameter `k` into `out` from `from`: quotient in unary, remainder in k bits, sign folded. */
  rice(out: Int32Array, from: number, count: number, k: number): void {
    for (let i = from; i < from + count; i++) {
      const word = this.peek(this.at);
      const zeros = Math.clz32(word);
      let folded: number;
      if (zeros + 1 + k < 32) {
        folded = (zeros << k) | (k === 0 ? 0 : (word << (zeros + 1)) >>> (32 - k));
        this.at += zeros + 1 + k;
      } else {
        folded = (this.unary() << k) | this.bits(k);
      }
      out[i] = (folded >>> 1) ^ -(folded & 1);
    }
    if (this.at > this.end) throw new EndOfBits();
  }

  /** To the next whole byte. @returns whether only zeros were skipped */
  align(): boolean {
    const skip = (8 - (this.at & 7)) & 7;
    return this.bits(skip) === 0;
  }

  skipBytes(count: number): void {
    this.advance(count * 8);
  }
}
