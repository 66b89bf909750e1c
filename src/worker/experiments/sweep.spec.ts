import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Experiment } from './experiment.js';
import { runSweep } from './sweep.js';
import type { Task } from './task.js';

const cost = (name: string) => ({ name, task: { kind: 'cost' as const, preset: 'WtSparsity11', winnersBeforePool: true } });
const EXPERIMENT: Experiment<Task> = {
  name: 'names',
  title: '',
  question: '',
  source: '',
  publishedTask: false,
  metrics: [],
  units: [cost('SET'), cost('LiSET'), cost('LiSET, gamma 1')],
  seeds: [0],
  curves: [],
};

let out: string;
beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'winnow-sweep-'))));
afterEach(() => rmSync(out, { recursive: true }));

async function ran(only: string): Promise<string[]> {
  const units: string[] = [];
  await runSweep(
    EXPERIMENT,
    { seeds: [0], shard: { index: 0, of: 1 }, only, out, dataFolder: out, threads: 1 },
    { onUnit: ({ unit }) => units.push(unit.name), onProgress() {}, onResult() {}, stopped: () => false },
  );
  return units;
}

it('runs the one unit of a name, though the names of others contain it', async () => {
  expect(await ran('SET')).toEqual(['SET']);
  expect(await ran('LiSET')).toEqual(['LiSET']);
});

it('runs the units that contain a part of a name, those without a result', async () => {
  expect(await ran('gamma')).toEqual(['LiSET, gamma 1']);
  expect(await ran('LiS')).toEqual(['LiSET']);
});
