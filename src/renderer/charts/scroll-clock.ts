import { COLUMN_MS } from './mel.js';

/** How many columns the picture stays behind the newest, so that it scrolls evenly although columns come in bursts. */
const LAG_COLUMNS = 2;
/** Farther behind than this it jumps: the page was hidden, or the host paused. */
const FAR_COLUMNS = 16;
/** Share of the distance to the lag that is made up within one column's time. */
const PULL = 0.1;

/**
 * The column at the right edge of the scrolling picture. Moves with the clock, is pulled gently to stay just behind the newest
 * column and never passes it.
 */
export class ScrollClock {
  #at = 0;

  /** @param end one past the newest column */
  advance(elapsedMs: number, end: number): number {
    const behind = end - this.#at;
    if (behind < 0 || behind > FAR_COLUMNS) this.#at = end;
    else {
      const step = elapsedMs / COLUMN_MS;
      this.#at = Math.min(end, this.#at + Math.max(0, step + step * PULL * (behind - LAG_COLUMNS)));
    }
    return this.#at;
  }
}
