import type { CurveDescription, Experiment, Unit } from '../experiment.js';
import type { CostTask, Task } from '../task.js';

const costOf = (name: string, preset: string, winnersBeforePool: boolean, published: Record<string, number>): Unit<CostTask> => ({
  name,
  task: { kind: 'cost', preset, winnersBeforePool },
  published: Object.fromEntries(Object.entries(published).map(([key, mean]) => [key, { mean }])),
});

export const cost: Experiment<Task> = {
  name: 'cost',
  title: 'Multiplies per word',
  question: 'What does each layer of each network multiply?',
  source:
    'patent Table 2 and poster for the non-zeros; multiplies are counted from the shapes, at the expected number of winners',
  publishedTask: true,
  metrics: [
    { key: 'nonZeros', title: 'non-zeros', format: 'count' },
    { key: 'multiplies', title: 'multiplies', format: 'count' },
    { key: 'conv1', title: 'conv1', format: 'count' },
    { key: 'conv2', title: 'conv2', format: 'count' },
    { key: 'linear1', title: 'linear1', format: 'count' },
    { key: 'output', title: 'output', format: 'count' },
    { key: 'timesFewer', title: 'times fewer than dense 64-64', format: 'number' },
  ],
  units: [
    costOf('denseCNN2', 'denseCNN2', true, { nonZeros: 1_717_140 }),
    costOf('sparseCNN2, winners after pooling', 'sparseCNN2', false, { nonZeros: 757_140 }),
    costOf('WtSparsity18, winners after pooling', 'WtSparsity18', false, { nonZeros: 194_452 }),
    costOf('WtSparsity11, winners after pooling', 'WtSparsity11', false, { nonZeros: 160_952 }),
    costOf('WtSparsity11, winners before pooling', 'WtSparsity11', true, { nonZeros: 160_952 }),
    costOf('denseSmall1', 'denseSmall1', true, { nonZeros: 536_008 }),
    costOf('denseSmall2', 'denseSmall2', true, { nonZeros: 270_376 }),
    costOf('denseEqualCost', 'denseEqualCost', true, {}),
  ],
  seeds: [0],
  curves: [],
};

const FIGURE_3_N = [250, 500, 1000, 1500, 2000, 2500];
const curves: readonly CurveDescription[] = [
  {
    key: 'binary',
    title: 'Figure 2: matches of random binary vectors (exact), s = 24, theta = 12',
    x: 'n',
    y: 'probability of a match',
    logarithmic: true,
    // The published dense line is drawn, not computed: Eq. 3 gives 0.58.
    published: { 'dense line': { x: [300, 1500], y: [0.0052, 0.007] } },
  },
  { key: 'binarySimulated', title: 'Figure 2, simulated', x: 'n', y: 'share of matches', logarithmic: true },
  {
    key: 'scalar',
    title: 'Figure 3 left: matches of random scalar vectors, k = 32, S = 1',
    x: 'n',
    y: 'probability of a match',
    logarithmic: true,
    published: { 'a = 64': { x: FIGURE_3_N, y: [3.65e-3, 3.06e-4, 1.89e-5, 4.2e-6, 1.5e-6, 9.2e-7] } },
  },
  {
    key: 'scale',
    title: 'Figure 3 right: the effect of scale, n = 1000',
    x: 'S',
    y: 'probability of a match',
    logarithmic: true,
    published: { 'a = 64': { x: [1, 4], y: [1.9e-5, 7.9e-2] }, 'a = 256': { x: [1, 4], y: [4.0e-3, 0.235] } },
  },
];

const line = (name: string, task: Extract<Task, { kind: 'theory' }>, published?: number): Unit<Task> =>
  published === undefined ? { name, task } : { name, task, published: { probability: { mean: published } } };

export const matchTheory: Experiment<Task> = {
  name: 'match-theory',
  title: 'How often random vectors match',
  question: 'Why should sparse, high-dimensional codes withstand noise?',
  source: 'paper, Eq. 1 to 5, Figures 2 and 3',
  publishedTask: true,
  metrics: [{ key: 'probability', title: 'at n = 300 (Figure 2), n = 250 (3 left), S = 1 (3 right)', format: 'scientific' }],
  units: [
    line('binary, a = 64', { kind: 'theory', figure: 'binary', a: 64 }, 1.09462e-3),
    line('binary, a = 128', { kind: 'theory', figure: 'binary', a: 128 }),
    line('binary, a = 256', { kind: 'theory', figure: 'binary', a: 256 }),
    line('binary, a = n/2', { kind: 'theory', figure: 'binary', a: null }, 0.0052),
    line('scalar, a = 64', { kind: 'theory', figure: 'scalar', a: 64 }, 3.65e-3),
    line('scalar, a = 128', { kind: 'theory', figure: 'scalar', a: 128 }, 2.45e-2),
    line('scalar, a = 256', { kind: 'theory', figure: 'scalar', a: 256 }, 7.6e-2),
    line('scalar, a = n/2', { kind: 'theory', figure: 'scalar', a: null }, 0.023),
    line('scale, a = 64', { kind: 'theory', figure: 'scale', a: 64 }, 1.9e-5),
    line('scale, a = 256', { kind: 'theory', figure: 'scale', a: 256 }, 4.0e-3),
  ],
  seeds: [1],
  curves,
};
