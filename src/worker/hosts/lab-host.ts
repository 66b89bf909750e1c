import { findExperiment } from '../experiments/catalogue/index.js';
import { runSweep } from '../experiments/sweep.js';
import { carryOut } from './child-order.js';

/** What the process is asked to run. */
export interface LabOrder {
  readonly experiment: string;
  readonly unit?: string;
  readonly out: string;
  readonly dataFolder: string;
  readonly threads: number;
}

/** What it tells the engine host. */
export type LabMessage =
  | { readonly type: 'unit'; readonly unit: string; readonly seed: number; readonly finished: number; readonly total: number }
  | { readonly type: 'progress'; readonly fraction: number; readonly text: string }
  | { readonly type: 'point'; readonly x: number; readonly y: number }
  | { readonly type: 'result' };

/**
 * A sweep in a process of its own: the engine goes on listening, and stopping is ending the process, which loses nothing but the
 * unit under way.
 */
carryOut<LabOrder, LabMessage>(async (order, tell) => {
  const experiment = findExperiment(order.experiment);
  await runSweep(
    order.unit === undefined ? experiment : { ...experiment, units: experiment.units.filter((unit) => unit.name === order.unit) },
    {
      seeds: experiment.seeds,
      shard: { index: 0, of: 1 },
      out: order.out,
      dataFolder: order.dataFolder,
      threads: order.threads,
    },
    {
      onUnit: ({ unit, seed }, finished, total) => tell({ type: 'unit', unit: unit.name, seed, finished, total }),
      onProgress: (fraction, text) => tell({ type: 'progress', fraction, text }),
      onPoint: (x, y) => tell({ type: 'point', x, y }),
      onResult: () => tell({ type: 'result' }),
      stopped: () => false,
    },
  );
});
