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
  /** Null where the page was not there when it happened. */
  readonly picture: FrozenPicture | null;
  /** performance.now() when it arrived. */
  readonly arrivedMs: number;
}

/** What was heard, newest first, each with the picture of its second. */
export class Detections {
  list = $state.raw<readonly HeardWord[]>([]);
  #unfrozen: HeardWord[] = [];

  constructor(private readonly history: SpectrogramHistory) {}

  add(detection: Detection, nowMs: number): void {
    const word: HeardWord = { detection, picture: null, arrivedMs: nowMs };
    this.list = [word, ...this.list.filter((known) => known.detection.id !== detection.id)].slice(0, DETECTIONS_KEPT);
    this.#unfrozen.push(word);
  }

  /** After new columns: freezes the pictures that are complete now. */
  columnsCame(nowMs: number): void {
    if (this.#unfrozen.length === 0) return;
    const frozen = new Map<HeardWord, HeardWord>();
    this.#unfrozen = this.#unfrozen.filter((word) => {
      const centre = columnAt(word.detection.timeMs);
      const complete = this.history.end >= centre + FROZEN_COLUMNS / 2;
      if (!complete && nowMs - word.arrivedMs < FREEZE_WAIT_MS) return true;
      const picture = this.history.freeze(centre, FROZEN_COLUMNS);
      if (picture !== null) frozen.set(word, { ...word, picture });
      return false;
    });
    if (frozen.size > 0) this.list = this.list.map((word) => frozen.get(word) ?? word);
  }

  clear(): void {
    this.list = [];
    this.#unfrozen = [];
  }
}
