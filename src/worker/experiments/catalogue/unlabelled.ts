import type { Experiment, Unit } from '../experiment.js';
import type { HebbianTask, Task } from '../task.js';

const unit = (name: string, changes: Partial<HebbianTask>): Unit<HebbianTask> => ({
  name,
  task: {
    kind: 'hebbian',
    units: 500,
    k: 50,
    epochs: 3,
    learningRate: 0.02,
    boostStrength: 5,
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
  units: [unit('random weights', { epochs: 0 }), unit('Hebbian', {}), unit('Hebbian, no boosting', { boostStrength: 0 })],
  seeds: [1, 2, 3],
  curves: [{ key: 'test', title: 'Test accuracy while the read-out trains', x: 'epoch', y: 'accuracy' }],
};
