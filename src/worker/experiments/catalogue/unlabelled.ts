import type { Experiment, Unit } from '../experiment.js';
import type { HebbianTask, Task } from '../task.js';

/** Of the shrinkages 0.3, 1, 3 and 10, the one whose Hebbian layer read a held-out fifth of the training part best. */
const WHITENED = { whitenedBy: 1 };

const unit = (name: string, changes: Partial<HebbianTask>): Unit<HebbianTask> => ({
  name,
  task: {
    kind: 'hebbian',
    units: 500,
    k: 50,
    epochs: 3,
    learningRate: 0.02,
    boostStrength: 5,
    inputs: WHITENED,
    readOutEpochs: 20,
    ...changes,
  },
});

export const hebbian: Experiment<Task> = {
  name: 'hebbian',
  title: 'A layer that learns without labels',
  question: 'Does a Hebbian layer, trained on unlabelled speech, help a linear read-out more than random weights do?',
  source: 'patent, paragraph 67; no published figures. Eight words: chance is 12.5 %',
  publishedTask: false,
  baseline: 'random weights',
  metrics: [
    { key: 'accuracy', title: 'test', format: 'percent' },
    { key: 'entropy', title: 'entropy of its maximum', format: 'percent' },
  ],
  units: [
    unit('random weights', { epochs: 0, inputs: 'centred' }),
    unit('random weights, whitened windows', { epochs: 0 }),
    unit('Hebbian, windows as they are', { inputs: 'asTheyAre' }),
    unit('Hebbian, centred windows', { inputs: 'centred' }),
    unit('Hebbian, whitened windows', {}),
    unit('Hebbian, whitened windows, no boosting', { boostStrength: 0 }),
  ],
  seeds: [1, 2, 3],
  curves: [{ key: 'test', title: 'Test accuracy while the read-out trains', x: 'epoch', y: 'accuracy' }],
};
