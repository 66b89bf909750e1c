import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../test/helpers/bundle.js';
import { NO_LAB_RUN } from '../../shared/lab.js';
import { answerMatch, Lab, withMessage } from './lab.js';

describe('match theory', () => {
  it('answers the published point exactly, and falls over n', () => {
    const { probability, over } = answerMatch({ n: 300, a: 64, s: 24, theta: 12 });
    expect(probability).toBeCloseTo(1.09462e-3, 8);
    expect(over.n[0]).toBe(64);
    expect(over.log10.at(-1)!).toBeLessThan(over.log10[0]!);
  });

  it('[negative] refuses more active bits than there are', () => {
    expect(() => answerMatch({ n: 20, a: 64, s: 8, theta: 4 })).toThrow(expect.objectContaining({ code: 'lab-theory' }));
  });
});

it('a run grows by what is told of it', () => {
  const unit = withMessage(NO_LAB_RUN, { type: 'unit', unit: 'SET', seed: 2, finished: 1, total: 3 });
  const later = withMessage(withMessage(unit, { type: 'point', x: 1, y: 0.5 }), {
    type: 'progress',
    fraction: 0.4,
    text: 'epoch 2',
  });
  expect(later).toMatchObject({ unit: 'SET', seed: 2, finished: 1, total: 3, fraction: 0.4, live: { x: [1], y: [0.5] } });
  expect(withMessage(later, { type: 'result' }).finished).toBe(2);
  expect(withMessage(later, { type: 'unit', unit: 'LiSET', seed: 2, finished: 2, total: 3 }).live.x).toEqual([]);
});

describe('the lab', () => {
  const results = mkdtempSync(join(tmpdir(), 'winnow-lab-'));
  let program: Awaited<ReturnType<typeof bundle>>;
  beforeAll(async () => {
    program = await bundle({ 'lab-host': 'src/worker/hosts/lab-host.ts' });
  }, 60_000);
  afterAll(() => {
    program.remove();
    rmSync(results, { recursive: true, force: true });
  });

  it('shows what is published before anything ran', () => {
    const { experiments } = new Lab(() => {}, results).list();
    const liset = experiments.find(({ name }) => name === 'liset-mnist')!;
    expect(liset.table[1]).toContain('65.77');
    // Groups of units have rows of their own.
    for (const { table, units } of experiments) expect(table.map(([name]) => name)).toEqual(expect.arrayContaining([...units]));
  });

  it('runs a unit in a process of its own, one at a time, and shows its result', async () => {
    let ended = (): void => {};
    const end = new Promise<void>((resolve) => (ended = resolve));
    const lab: Lab = new Lab(
      () => {
        if (lab.run.state !== 'running') ended();
      },
      results,
      () => program.path('lab-host'),
    );
    const done = (): number => lab.list().experiments.find(({ name }) => name === 'match-theory')!.done;
    const before = done();
    lab.start({ experiment: 'match-theory', unit: 'binary, a = 64' });
    expect(() => lab.start({ experiment: 'cost' })).toThrow(expect.objectContaining({ code: 'lab-running' }));
    await end;
    expect(lab.run).toMatchObject({ state: 'done', unit: 'binary, a = 64', finished: 1, problem: null });
    // Results that ship may have it already.
    expect(done()).toBeGreaterThanOrEqual(Math.max(1, before));
    expect(() => lab.start({ experiment: 'no such' })).toThrow(expect.objectContaining({ code: 'experiment-unknown' }));
  });

  it('stops', () => {
    const lab = new Lab(
      () => {},
      results,
      () => program.path('lab-host'),
    );
    lab.start({ experiment: 'match-theory' });
    lab.stop();
    expect(lab.run.state).toBe('stopped');
  });
});
