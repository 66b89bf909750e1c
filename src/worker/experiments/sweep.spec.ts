import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Experiment, Unit } from './experiment.js';
import { appendResult, readResults, resultFiles } from './results.js';
import { speechSpec } from './runners/speech.js';
import { runSweep } from './sweep.js';
import type { SpeechTask, Task } from './task.js';

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

describe('a unit that another has trained alike', () => {
  const speech = (recipe: string, ...set: string[]): Unit<SpeechTask> => ({
    name: recipe,
    task: { kind: 'speech', recipe, set },
  });
  const sweep = (unit: Unit<SpeechTask>, seed: number) =>
    runSweep(
      { ...EXPERIMENT, units: [unit] },
      { seeds: [seed], shard: { index: 0, of: 1 }, out, dataFolder: join(out, 'nowhere'), threads: 1 },
      { onUnit() {}, onProgress() {}, onResult() {}, stopped: () => false },
    );
  const earlier = {
    experiment: 'gsc-presets',
    unit: 'denseCNN2',
    seed: 2,
    spec: speechSpec(speech('denseCNN2').task),
    dataHash: 'parts, sha256 0',
    codeVersion: '0.1.0+1',
    machine: 'another',
    finishedAt: '2026-01-01T00:00:00.000Z',
    seconds: 600,
    metrics: { accuracy: 0.95 },
    curves: {},
  };

  it('is taken from there, and says so', async () => {
    appendResult(join(out, 'gsc-presets.jsonl'), earlier);
    await sweep(speech('commands-dense'), 2);
    const { records, notes } = readResults(resultFiles(out));
    const { spec, ...taken } = records.find(({ experiment }) => experiment === 'names')!;
    const text = 'names: not trained again but taken over: "commands-dense" (seed 2) of gsc-presets, denseCNN2';
    expect(notes).toEqual([{ kind: 'shared-runs', experiment: 'names', text }]);
    expect(spec).toEqual(speechSpec(speech('commands-dense').task));
    const expected = { ...earlier, experiment: 'names', unit: 'commands-dense', sameAs: 'gsc-presets, denseCNN2', seconds: 0 };
    expect({ ...taken, spec: earlier.spec }).toEqual(expected);
  });

  it('is trained if seed or settings differ', async () => {
    appendResult(join(out, 'gsc-presets.jsonl'), earlier);
    await expect(sweep(speech('commands-dense'), 1)).rejects.toMatchObject({ code: 'experiment-no-data' });
    await expect(sweep(speech('commands-dense', 'schedule.epochs=19'), 2)).rejects.toMatchObject({ code: 'experiment-no-data' });
    expect(readResults(resultFiles(out)).records).toHaveLength(1);
  });
});
