import type { Experiment, Metric, Unit } from '../experiment.js';
import type { Drawing } from '../../training/evolution.js';
import type { EvolvedTask, Task } from '../task.js';

const METRICS: readonly Metric[] = [
  { key: 'ara', title: 'ARA', format: 'percent' },
  { key: 'accuracy', title: 'accuracy', format: 'percent' },
  { key: 'connections', title: 'sparse connections', format: 'count' },
];
const CURVES = [{ key: 'test', title: 'Test accuracy while training', x: 'epoch', y: 'accuracy' }];

type Common = Omit<EvolvedTask, 'kind' | 'method' | 'epsilon' | 'gamma'>;
const MNIST: Common = {
  data: 'mnist',
  hidden: [300, 100],
  zeta: 0.3,
  epochs: 250,
  learningRate: 0.001,
  batchSize: 100,
  dropout: 0.3,
  skipDropout: 0.5,
};
const ISOLET: Common = { ...MNIST, data: 'isolet', hidden: [512, 256, 128], learningRate: 0.01 };

/** ARA and accuracy in percent, as LiSET Tables 2 and 3 print them, by gamma; SET under its name. */
type Table = Readonly<Record<string, readonly [ara: number, accuracy: number]>>;

const MNIST_4_5: Table = {
  SET: [65.77, 85.14],
  '-24': [71.03, 83.73],
  '-18': [71.05, 84.06],
  '-12': [70.77, 84.13],
  '-8': [70.16, 84.29],
  '-5': [71.06, 84.1],
  '-3': [69.86, 83.87],
  '-1': [71.35, 84.79],
  '0': [74.03, 85.41],
  '1': [74.13, 86.05],
  '3': [72.52, 87.14],
  '5': [63.92, 84.91],
};
const MNIST_9: Table = {
  SET: [75.17, 88.28],
  '-24': [80.0, 89.01],
  '-18': [79.57, 88.76],
  '-12': [79.96, 88.94],
  '-8': [79.71, 88.64],
  '-5': [79.73, 89.12],
  '-3': [80.12, 88.87],
  '-1': [80.2, 89.22],
  '0': [81.26, 89.6],
  '1': [80.89, 89.86],
  '3': [79.57, 89.87],
  '5': [77.55, 89.58],
};
const ISOLET_21: Table = {
  SET: [60.21, 83.26],
  '-24': [62.82, 81.91],
  '-18': [64.59, 85.7],
  '-12': [62.92, 83.52],
  '-8': [63.31, 82.3],
  '-5': [63.36, 84.35],
  '-3': [63.54, 84.16],
  '-1': [63.83, 83.77],
  '0': [64.41, 84.41],
  '1': [63.96, 82.75],
  '3': [60.44, 83.58],
  '5': [58.54, 79.67],
};
const ISOLET_42: Table = {
  SET: [79.99, 92.88],
  '-24': [80.94, 93.2],
  '-18': [79.45, 91.85],
  '-12': [81.56, 93.01],
  '-8': [80.9, 92.69],
  '-5': [79.89, 92.88],
  '-3': [80.21, 92.69],
  '-1': [81.33, 93.2],
  '0': [81.08, 93.39],
  '1': [80.43, 92.56],
  '3': [79.16, 92.56],
  '5': [78.12, 91.79],
};

/** SET first: what the others are compared with. Then LiSET as Eq. 2 has it, then as its published program draws. */
function units(common: Common, epsilon: number, table: Table): Unit<EvolvedTask>[] {
  const unit = (name: string, key: string, changes: Pick<EvolvedTask, 'method' | 'gamma' | 'drawing'>): Unit<EvolvedTask> => {
    const [ara, accuracy] = table[key]!;
    return {
      name,
      task: { kind: 'evolved', ...common, epsilon, ...changes },
      published: { ara: { mean: ara / 100 }, accuracy: { mean: accuracy / 100 } },
    };
  };
  const gammas = Object.keys(table)
    .filter((key) => key !== 'SET')
    .map(Number)
    .sort((a, b) => a - b);
  const liset = (drawing: Drawing, name: string) =>
    gammas.map((gamma) => unit(`${name}, eps ${epsilon}, gamma ${gamma}`, String(gamma), { method: 'liset', gamma, drawing }));
  return [
    unit(`SET, eps ${epsilon}`, 'SET', { method: 'set' }),
    ...liset('ratio', 'LiSET'),
    ...liset('product', 'LiSET by products'),
  ];
}

export const lisetMnist: Experiment<Task> = {
  name: 'liset-mnist',
  title: 'LiSET against SET on MNIST',
  question: 'Do connections that follow linear features make sparse training converge faster?',
  source: 'LiSET Table 2 (one run a cell)',
  publishedTask: true,
  metrics: METRICS,
  units: [...units(MNIST, 4.5, MNIST_4_5), ...units(MNIST, 9, MNIST_9)],
  seeds: [1],
  curves: CURVES,
};

const variant = (name: string, changes: Partial<EvolvedTask>): Unit<EvolvedTask> => ({
  name,
  task: { kind: 'evolved', ...MNIST, method: 'set', epsilon: 4.5, ...changes },
});

export const lisetVariants: Experiment<Task> = {
  name: 'liset-variants',
  title: 'What LiSET leaves unsaid',
  question: 'Which part of the recipe do the figures of SET on MNIST at eps 4.5 hang on? One thing is changed at a time.',
  source:
    'no published figures; the document names neither momentum, nor how pixels are scaled, nor how weights begin; MNIST has 60,000 training images',
  publishedTask: false,
  baseline: 'as printed',
  metrics: METRICS,
  units: [
    variant('as printed', {}),
    variant('50,000 images, as the document counts', { images: 50_000 }),
    variant('first weights by inputs', { start: 'fanIn' }),
    variant('pixels standardised', { normalised: true }),
    variant('momentum 0.9', { momentum: 0.9 }),
    variant('dropout 0.5', { dropout: 0.5 }),
  ],
  seeds: [1],
  curves: CURVES,
};

export const lisetIsolet: Experiment<Task> = {
  name: 'liset-isolet',
  title: 'LiSET against SET on ISOLET',
  question: 'Does it hold on spoken letters?',
  source: 'LiSET Table 3; with group 1 alone, a quarter of the official training set, unless the official file is given',
  publishedTask: false,
  baseline: 'SET, eps 21',
  metrics: METRICS,
  units: [...units(ISOLET, 21, ISOLET_21), ...units(ISOLET, 42, ISOLET_42)],
  seeds: [1],
  curves: CURVES,
};

const method = (name: string, changes: Partial<EvolvedTask>): Unit<EvolvedTask> => ({
  name,
  task: { kind: 'evolved', ...MNIST, epochs: 60, learningRate: 0.01, method: 'static', epsilon: 9, ...changes },
});

export const setPruning: Experiment<Task> = {
  name: 'set-pruning',
  title: 'Static, evolved and pruned networks of equal connections',
  question: 'At the same number of connections, what does it matter how they were found?',
  source: 'SET slides; no published figures for this network',
  publishedTask: false,
  baseline: 'static',
  metrics: METRICS,
  units: [
    method('static', {}),
    method('SET', { method: 'set' }),
    method('LiSET, gamma 0', { method: 'liset', gamma: 0 }),
    method('cosine growth', { method: 'cosine' }),
    method('pruned and retrained', { method: 'pruned' }),
  ],
  seeds: [1, 2, 3],
  curves: CURVES,
};
