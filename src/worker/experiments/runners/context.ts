import { WinnowError } from '../../../shared/errors.js';
import type { NativeEngine } from '../../network/native.js';

/** What a runner works with. */
export interface RunContext {
  readonly native: NativeEngine;
  /** The data folder that was named. */
  readonly dataFolder: string;
  readonly threads: number;
  /** Where a unit may keep its state while it runs. */
  readonly workFolder: string;
  /** Share of the unit that is done, 0 to 1, and what is going on. */
  progress(fraction: number, text: string): void;
  /** A point of the unit's main curve, as it comes. */
  point(x: number, y: number): void;
  /** Whether the run is to stop; asked at least once an epoch. */
  stopped(): boolean;
}

/** @throws WinnowError `experiment-stopped` when the run is to stop */
export function checkStop(context: RunContext): void {
  if (context.stopped()) throw new WinnowError('experiment-stopped', { kept: 'nothing of the unit under way' });
}
