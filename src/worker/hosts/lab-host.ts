import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import { findExperiment } from '../experiments/catalogue/index.js';
import { runSweep } from '../experiments/sweep.js';

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
  | { readonly type: 'result' }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: ErrorReport };

/**
 * A sweep in a process of its own: the engine goes on listening, and stopping is ending the process, which loses nothing but the
 * unit under way. It is given its order once, and ends with the process that started it.
 */
function main(): void {
  const send = (message: LabMessage): Promise<void> =>
    new Promise((resolve) => (process.connected ? process.send!(message, undefined, undefined, () => resolve()) : resolve()));
  process.once('disconnect', () => process.exit(0));
  process.once('message', (order) => {
    run(order as LabOrder, send)
      .then(() => send({ type: 'done' }))
      .catch((error: unknown) => send({ type: 'failed', error: WinnowError.from(error).report() }))
      .finally(() => process.exit(0));
  });
}

async function run(order: LabOrder, send: (message: LabMessage) => Promise<void>): Promise<void> {
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
      onUnit: ({ unit, seed }, finished, total) => void send({ type: 'unit', unit: unit.name, seed, finished, total }),
      onProgress: (fraction, text) => void send({ type: 'progress', fraction, text }),
      onPoint: (x, y) => void send({ type: 'point', x, y }),
      onResult: () => void send({ type: 'result' }),
      stopped: () => false,
    },
  );
}

main();
