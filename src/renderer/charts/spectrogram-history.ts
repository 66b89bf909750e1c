import { BANDS } from './mel.js';

/** Columns kept: 16 s, more than any picture shows. */
export const HISTORY_COLUMNS = 500;
/** Depth of the colour scale, as the network's input has it. */
export const RANGE_DB = 80;
/** The scale's top never falls below this, so that silence stays dark (mel power of quiet speech is far above). */
export const TOP_LOWEST_DB = -10;
/** How fast the top follows when the sound gets quieter, per column of 32 ms. */
const TOP_DECAY_DB = 0.25;

/** The last columns of the spectrogram, by their number since the stream's start. A new stream starts it over. */
export class SpectrogramHistory {
  readonly #values = new Float32Array(HISTORY_COLUMNS * BANDS);
  #first = 0;
  #end = 0;
  #top = TOP_LOWEST_DB;

  /** Number of the oldest column, and one past the newest. */
  get first(): number {
    return this.#first;
  }
  get end(): number {
    return this.#end;
  }
  /** dB of the brightest colour: the loudest value of late. */
  get topDb(): number {
    return this.#top;
  }

  /** Appends columns numbered from `firstColumn`. Columns that were skipped stay empty until they come. */
  add(firstColumn: number, columns: readonly (readonly number[])[]): void {
    const end = firstColumn + columns.length;
    // Numbers that run backwards are another stream.
    if (end < this.#end || (columns.length > 0 && end - HISTORY_COLUMNS > this.#end)) this.clear(firstColumn);
    for (let number = this.#end; number < firstColumn; number++) this.#write(number, null);
    columns.forEach((column, i) => {
      if (firstColumn + i >= this.#first) this.#write(firstColumn + i, column);
    });
  }

  clear(firstColumn = 0): void {
    this.#first = firstColumn;
    this.#end = firstColumn;
    this.#top = TOP_LOWEST_DB;
  }

  /** The values of a column, lowest band first, or null if it is not kept. Valid until the next `add`. */
  column(number: number): Float32Array | null {
    if (number < this.#first || number >= this.#end) return null;
    const at = (number % HISTORY_COLUMNS) * BANDS;
    return this.#values.subarray(at, at + BANDS);
  }

  /** A copy of `count` columns around `centre`, [column][band] with -Infinity where nothing is kept; null if none is. */
  freeze(centre: number, count: number): { values: Float32Array; count: number; topDb: number } | null {
    const values = new Float32Array(count * BANDS).fill(-Infinity);
    const start = centre - Math.floor(count / 2);
    let top = -Infinity;
    for (let i = 0; i < count; i++) {
      const column = this.column(start + i);
      if (column === null) continue;
      values.set(column, i * BANDS);
      for (const value of column) top = Math.max(top, value);
    }
    return top === -Infinity ? null : { values, count, topDb: top };
  }

  #write(number: number, column: readonly number[] | null): void {
    const at = (number % HISTORY_COLUMNS) * BANDS;
    let loudest = -Infinity;
    for (let band = 0; band < BANDS; band++) {
      const value = column?.[band] ?? -Infinity;
      this.#values[at + band] = value;
      if (value > loudest) loudest = value;
    }
    this.#top = Math.max(TOP_LOWEST_DB, loudest, this.#top - TOP_DECAY_DB);
    this.#end = Math.max(this.#end, number + 1);
    this.#first = Math.max(this.#first, this.#end - HISTORY_COLUMNS);
  }
}
