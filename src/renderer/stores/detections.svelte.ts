import type { Detection } from '../../shared/contract.js';
import { columnAt } from '../charts/mel.js';
import type { SpectrogramHistory } from '../charts/spectrogram-history.js';

/** As many as the host keeps the sound of. */
export const DETECTIONS_KEPT = 100;
/** Columns of a frozen picture: the network's window. */
export const FROZEN_COLUMNS = 32;
/** A detection whose last columns have not come by then is frozen as it is. */
const FREEZE_WAIT_MS = 500;

export type FrozenPicture = NonNullable<ReturnType<SpectrogramHistory['freeze']>>;

export interface HeardWord {
  readonly detection: Detection;
  /** Null where the page did not have its columns. */
  readonly picture: FrozenPicture | null;
  /** The stream that it belongs to; null where it was told afterwards, to a page that came later. */
  readonly stream: number | null;
  /** performance.now() when it arrived. */
  readonly arrivedMs: number;
}

/** What was heard, newest first, each with the picture of its second. */
export class Detections {
  list = $state.raw<readonly HeardWord[]>([]);
  #unfrozen: HeardWord[] = [];

  constructor(private readonly history: SpectrogramHistory) {}

  add(detection: Detection, stream: number | null, nowMs: number): void {
    const word: HeardWord = { detection, picture: null, stream, arrivedMs: nowMs };
    this.list = [word, ...this.list.filter((known) => known.detection.id !== detection.id)].slice(0, DETECTIONS_KEPT);
    if (stream !== null) this.#unfrozen.push(word);
  }

  /** After new columns: freezes the pictures that are complete now. */
  columnsCame(nowMs: number): void {
    if (this.#unfrozen.length === 0) return;
    const waiting: HeardWord[] = [];
    let list = this.list;
    for (const word of this.#unfrozen) {
      const centre = columnAt(word.detection.timeMs);
      const complete = this.history.end >= centre + FROZEN_COLUMNS / 2;
      if (!complete && nowMs - word.arrivedMs < FREEZE_WAIT_MS) {
        waiting.push(word);
        continue;
      }
      const picture = this.history.freeze(centre, FROZEN_COLUMNS);
      list = list.map((known) => (known === word ? { ...word, picture } : known));
    }
    this.#unfrozen = waiting;
    if (list !== this.list) this.list = list;
  }
}
