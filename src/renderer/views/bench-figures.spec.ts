import { describe, expect, it } from 'vitest';
import type { BenchRow } from '../../shared/bench.js';
import { grouped, tabSeparatedRows, times } from './bench-figures.js';

const row = (batch: number, threads: number, usP50: number): BenchRow => ({
  engine: 'winnow',
  preset: 'commands-sparse',
  dtype: 'fp32',
  isa: 'avx2',
  threads,
  batch,
  streaming: false,
  usP50,
  usP99: 2 * usP50,
  wordsPerS: 1e6 / usP50,
  multiplies: 10,
  accuracy: 1,
  maxAbsDiff: 0,
  ratioToOrtFp32: null,
  ratioToOrtInt8: 4,
  maxRelDiff: 0,
  bytesTouched: 1,
  cpuUs: usP50,
  calls: 5,
  wordsPerJoule: null,
});

describe('the figures of a benchmark', () => {
  it('are grouped by what was measured together', () => {
    const groups = grouped([row(1, 1, 20), row(64, 2, 10), row(1, 1, 40)]);
    expect(groups.map(({ title, rows }) => [title, rows.length])).toEqual([
      ['one word at a time, one thread', 2],
      ['64 words at a time, 2 threads', 1],
    ]);
  });

  it('are written with as many digits as they carry', () => {
    expect([times(null), times(9.94), times(10.24)]).toEqual(['–', '9.94×', '10.2×']);
  });

  it('are copied with the published ones apart', () => {
    const published = { event: 'published', hardware: 'V100', network: 'dense', wordsPerS: 61638, source: 'poster' } as const;
    const lines = tabSeparatedRows([row(1, 1, 20)], [published]).split('\n');
    expect(lines[0]!.split('\t')).toHaveLength(lines[1]!.split('\t').length);
    expect(lines[1]).toBe('winnow\tcommands-sparse\tfp32\tavx2\t1\t1\tfalse\t20\t40\t50000\t10\t1\t0\t\t4');
    expect(lines.slice(2)).toEqual(['', 'published\tnetwork\twordsPerS\tsource', 'V100\tdense\t61638\tposter']);
  });
});
