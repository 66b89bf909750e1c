import { LIVE_FEATURES } from '../../shared/features.js';

/** Columns kept for clients that draw them: ten seconds. */
const COLUMNS_KEPT = 320;
/** Shown where samples were lost. */
const NOTHING_DB = -100;

/** The latest columns of the spectrogram, numbered from the stream's start without holes. */
export class ColumnHistory {
  private columns: (readonly number[])[] = [];
  /** Number of the column after the newest. */
  private next = 0;

  /** @param number of the column; columns that were skipped show nothing */
  add(number: number, column: readonly number[]): void {
    const nothing = new Array<number>(LIVE_FEATURES.melBands).fill(NOTHING_DB);
    const missing = Math.min(number - this.next, COLUMNS_KEPT);
    for (let i = 0; i < missing; i++) this.columns.push(nothing);
    this.columns.push(column);
    this.next = number + 1;
    if (this.columns.length > COLUMNS_KEPT) this.columns = this.columns.slice(-COLUMNS_KEPT);
  }

  /** The kept columns from `number` on. */
  from(number: number): { readonly firstColumn: number; readonly columns: readonly (readonly number[])[] } {
    const first = this.next - this.columns.length;
    const firstColumn = Math.min(Math.max(first, number), this.next);
    return { firstColumn, columns: this.columns.slice(firstColumn - first) };
  }

  /** Number of the column that comes next. */
  get end(): number {
    return this.next;
  }
}
