import { describe, expect, it } from 'vitest';
import { assignments, type Experiment, shard } from './experiment.js';
import { htmlReport } from './report-html.js';
import { markdownReport, reportExperiment } from './report.js';
import type { ResultRecord } from './results.js';

const experiment = (publishedTask: boolean): Experiment => ({
  name: 'tiny',
  title: 'A tiny table',
  question: 'Does it add up?',
  source: 'Table 0',
  publishedTask,
  baseline: 'dense',
  metrics: [{ key: 'accuracy', title: 'test', format: 'percent' }],
  units: [
    { name: 'dense', task: null, published: { accuracy: { mean: 0.9, sd: 0.01 } } },
    { name: 'sparse', task: null, published: { accuracy: { mean: 0.92, sd: 0.02 } } },
    { name: 'missing', task: null },
  ],
  seeds: [1, 2],
  curves: [{ key: 'noise', title: 'Noise <curve>', x: 'eta', y: 'accuracy' }],
});

const record = (unit: string, seed: number, accuracy: number): ResultRecord => ({
  experiment: 'tiny',
  unit,
  seed,
  spec: null,
  dataHash: 'd',
  codeVersion: 'c',
  machine: 'm',
  finishedAt: '2026-01-01T00:00:00Z',
  seconds: 30,
  metrics: { accuracy },
  bestOnTest: { accuracy: accuracy + 0.01 },
  curves: { noise: { x: [0, 0.5], y: [accuracy, accuracy / 2] } },
});
const records = [
  record('dense', 1, 0.9),
  record('dense', 2, 0.92),
  record('sparse', 1, 0.95),
  { ...record('sparse', 1, 0), experiment: 'other' },
];

describe('the report', () => {
  it('compares in published deviations on the published task', () => {
    const { rows } = reportExperiment(experiment(true), records);
    expect(rows[0]!.comparisons[0]!.ours!.mean).toBeCloseTo(0.91, 12);
    expect(rows[0]!.comparisons[0]!.publishedDeviations).toBeCloseTo(1, 9);
    expect(rows[1]!.comparisons[0]!.publishedDeviations).toBeCloseTo(1.5, 9);
    expect(rows[2]!.comparisons[0]!.ours).toBeNull();
  });

  it('compares differences from the baseline on other data', () => {
    const [, sparse] = reportExperiment(experiment(false), records).rows;
    expect(sparse!.comparisons[0]!.publishedDeviations).toBeNull();
    expect(sparse!.comparisons[0]!.oursFromBaseline!.mean).toBeCloseTo(0.04, 12);
    expect(sparse!.comparisons[0]!.oursFromBaseline!.halfWidth95).toBeNull();
    expect(sparse!.comparisons[0]!.publishedFromBaseline).toBeCloseTo(0.02, 12);
  });

  it('prints the table, the missing row and the notes', () => {
    const text = markdownReport([reportExperiment(experiment(false), records)], [{ kind: 'repeated', text: 'a line repeats' }]);
    expect(text).toContain('| network | runs | test, % | best on test | published | from dense | the same, published |');
    expect(text).toContain('| dense | 2 | 91.00 ± 1.41 | 92.00 ± 1.41 | 90.00 ± 1.00 | - | - |');
    expect(text).toContain('| sparse | 1 | 95.00 | 96.00 | 92.00 ± 2.00 | +4.00 | +2.00 |');
    expect(text).toContain('| missing | 0 | - |');
    expect(text).toContain('- a line repeats');
  });

  it('gives differences an interval, and counts that no seed changes no spread', () => {
    const counts = { key: 'nonZeros', title: 'non-zeros', format: 'count' } as const;
    const counted = (unit: string, seed: number, accuracy: number, nonZeros: number): ResultRecord => ({
      ...record(unit, seed, accuracy),
      metrics: { accuracy, nonZeros },
    });
    const tiny = { ...experiment(false), metrics: [...experiment(false).metrics, counts] };
    const all = [
      counted('dense', 1, 0.9, 7),
      counted('dense', 2, 0.92, 7),
      counted('sparse', 1, 0.95, 5),
      counted('sparse', 2, 0.95, 5),
    ];
    const text = markdownReport([reportExperiment(tiny, all)], []);
    // Student's t of one degree of freedom, 12.706, times sqrt(0.0002 / 2).
    expect(text).toContain('| sparse | 2 | 95.00 ± 0.00 | 96.00 ± 0.00 | 92.00 ± 2.00 | +4.00 ± 12.71 | +2.00 | 5 |');
  });

  it('summarises a group over its units and their seeds, before the units', () => {
    const { units, ...rest } = experiment(false);
    const grouped = units.map((unit) => (unit.name === 'missing' ? unit : { ...unit, group: 'both' }));
    const { rows } = reportExperiment({ ...rest, units: grouped }, records);
    expect(rows.map(({ unit }) => unit)).toEqual(['both', 'dense', 'sparse', 'missing']);
    expect(rows[0]!.seeds).toEqual([1, 2, 1]);
    expect(rows[0]!.comparisons[0]!.ours).toMatchObject({ n: 3 });
    expect(rows[0]!.comparisons[0]!.ours!.mean).toBeCloseTo((0.9 + 0.92 + 0.95) / 3, 12);
  });

  it('is one page that fetches nothing', () => {
    const page = htmlReport([reportExperiment(experiment(true), records)], []);
    expect(page).toContain('Noise &lt;curve&gt;');
    expect(page).toContain('<polyline');
    expect(page).not.toMatch(/https?:|<script|<link/);
  });
});

describe('shards', () => {
  it('cover every unit of every seed once', () => {
    const all = assignments(experiment(true));
    const parts = [0, 1, 2, 3].flatMap((i) => shard(all, i, 4));
    expect(parts.length).toBe(6);
    expect(new Set(parts).size).toBe(6);
  });
});
