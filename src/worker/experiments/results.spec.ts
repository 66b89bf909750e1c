import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendResult, readResults, resultFiles, type ResultRecord } from './results.js';
import { summarise } from './statistics.js';

const record = (unit: string, seed: number, accuracy: number, rest: Partial<ResultRecord> = {}): ResultRecord => ({
  experiment: 'gsc-presets',
  unit,
  seed,
  spec: { preset: unit },
  dataHash: 'd1',
  codeVersion: 'v1',
  machine: 'test',
  finishedAt: '2026-01-01T00:00:00Z',
  seconds: 1,
  metrics: { accuracy },
  curves: {},
  ...rest,
});

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'results-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('result files', () => {
  it('merge from any number of shards', () => {
    appendResult(join(folder, 'shard-0.jsonl'), record('a', 1, 0.5));
    appendResult(join(folder, 'shard-1.jsonl'), record('a', 2, 0.6));
    appendResult(join(folder, 'shard-1.jsonl'), record('b', 1, 0.7));
    const { records, notes } = readResults(resultFiles(folder));
    expect(records.map((r) => [r.unit, r.seed])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ]);
    expect(notes).toEqual([]);
  });

  it('name a line that was cut, and go on after it', () => {
    const file = join(folder, 'r.jsonl');
    appendResult(file, record('a', 1, 0.5));
    appendFileSync(file, '{"experiment":"gsc-pre');
    expect(readResults([file]).notes.map((note) => note.kind)).toEqual(['cut-line']);
    appendResult(file, record('a', 2, 0.6));
    const { records, notes } = readResults([file]);
    expect(records.length).toBe(2);
    expect(notes.map((note) => note.kind)).toEqual(['bad-line']);
  });

  it('name a shard that ran twice and use the first', () => {
    const file = join(folder, 'r.jsonl');
    appendResult(file, record('a', 1, 0.5));
    appendResult(file, record('a', 1, 0.5));
    appendResult(file, record('a', 1, 0.9));
    const { records, notes } = readResults([file]);
    expect(records.map((r) => r.metrics.accuracy)).toEqual([0.5]);
    expect(notes.map((note) => note.text.includes('DIFFERENT'))).toEqual([false, true]);
  });

  it('name different code and different data', () => {
    const file = join(folder, 'r.jsonl');
    appendResult(file, record('a', 1, 0.5));
    appendResult(file, record('a', 2, 0.5, { codeVersion: 'v2', dataHash: 'd2' }));
    appendResult(file, record('a', 1, 0.5, { experiment: 'cost' }));
    expect(readResults([file]).notes.map(({ kind, experiment }) => [kind, experiment])).toEqual([
      ['code-versions', 'gsc-presets'],
      ['data-hashes', 'gsc-presets'],
    ]);
  });

  it('say of long sweeps over many versions only from which to which', () => {
    const file = join(folder, 'r.jsonl');
    const at = (minute: number) => ({ codeVersion: `0.1.0+${minute}`, finishedAt: `2026-01-01T00:${minute}:00Z` });
    // Shards are appended in any order.
    for (const minute of [30, 10, 59, 20]) appendResult(file, record('a', minute, 0.5, at(minute)));
    expect(readResults([file]).notes.map((note) => note.text)).toEqual([
      'gsc-presets: measured with 4 versions of the program, from 0.1.0+10 to 0.1.0+59',
    ]);
  });

  it('name who read other data, by hashes short enough to read', () => {
    const file = join(folder, 'r.jsonl');
    const hash = (digit: string) => `plain, sha256 ${digit.repeat(64)}`;
    for (const seed of [1, 2]) appendResult(file, record('a', seed, 0.5, { dataHash: hash('1') }));
    appendResult(file, record('b', 1, 0.5, { dataHash: hash('2') }));
    expect(readResults([file]).notes.map((note) => note.text)).toEqual([
      'gsc-presets: data differ where they should not: plain, sha256 111111111111 (a, seed 1 and 1 more); plain, sha256 222222222222 (b, seed 1)',
    ]);
  });

  it('compare the data of taught words with those of the same takes alone', () => {
    const file = join(folder, 'r.jsonl');
    const taught = (unit: string, seed: number, dataHash: string) =>
      appendResult(file, record(unit, seed, 0.5, { experiment: 'teach', dataHash }));
    taught('quick: four, lucas', 1, 'd1');
    taught('quick: four, lucas', 2, 'd2');
    taught('quick: six, lucas', 1, 'd3');
    taught('thorough: four, lucas', 1, 'd4');
    taught('without data: four, lucas', 1, 'd5');
    taught('output layer alone: four, lucas', 1, 'd1');
    expect(readResults([file]).notes).toEqual([]);
    taught('without boosting: four, lucas', 1, 'd6');
    const [note, ...others] = readResults([file]).notes;
    expect(others).toEqual([]);
    expect(note?.text).toBe(
      'teach: data differ where they should not: d1 (quick: four, lucas, seed 1 and 1 more); d6 (without boosting: four, lucas, seed 1)',
    );
  });

  it('survive whatever bytes they hold', () => {
    const file = join(folder, 'noise.jsonl');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        writeFileSync(file, bytes);
        expect(readResults([file]).records).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('summaries', () => {
  it('are the hand-computed mean, deviation and interval', () => {
    const { mean, sd, halfWidth95 } = summarise([1, 2, 3]);
    expect(mean).toBe(2);
    expect(sd).toBe(1);
    expect(halfWidth95).toBeCloseTo(4.303 / Math.sqrt(3), 6);
    expect(summarise([5])).toEqual({ n: 1, mean: 5, sd: null, halfWidth95: null });
  });
});
