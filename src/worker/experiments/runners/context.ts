import type { NativeEngine } from '../../network/native.js';

/** What a runner works with. */
export interface RunContext {
  readonly native: NativeEngine;
  /** The data folder that was named. */
  readonly dataFolder: string;
  readonly threads: number;
  /** Share of the unit that is done, 0 to 1, and what is going on. */
  progress(fraction: number, text: string): void;
  /** Throws when the run is to stop; called at least once an epoch. */
  checkStop(): void;
}
