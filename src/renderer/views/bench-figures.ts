import type { BenchRow, PublishedSpeed } from '../../shared/bench.js';
import { NONE } from '../figures.js';

export interface BenchGroup {
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

/** Rows that were measured together, in the order of their coming. */
export function grouped(rows: readonly BenchRow[]): BenchGroup[] {
  const groups = new Map<string, BenchRow[]>();
  for (const row of rows) {
    const title = `${row.batch === 1 ? 'one word' : `${row.batch} words`} at a time, ${row.threads === 1 ? 'one thread' : `${row.threads} threads`}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups].map(([title, members]) => ({ title, rows: members }));
}

export function engineName(row: BenchRow): string {
  return row.engine === 'onnxruntime' ? 'ONNX Runtime' : 'Winnow';
}

/** "10.2×" */
export function times(ratio: number | null): string {
  return ratio === null ? NONE : `${ratio.toFixed(ratio < 9.95 ? 2 : 1)}×`;
}

/** 1,234,567 */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function giga(value: number): string {
  return (value / 1e9).toFixed(value < 1e10 ? 1 : 0);
}

export function micro(value: number): string {
  return value.toFixed(value < 99.95 ? 1 : 0);
}

const COLUMNS = [
  'engine',
  'preset',
  'dtype',
  'isa',
  'threads',
  'batch',
  'streaming',
  'usP50',
  'usP99',
  'wordsPerS',
  'multiplies',
  'accuracy',
  'maxAbsDiff',
  'ratioToOrtFp32',
  'ratioToOrtInt8',
] as const satisfies readonly (keyof BenchRow)[];

/** For a spreadsheet: the measured rows, and the published ones apart, below. */
export function tabSeparatedRows(rows: readonly BenchRow[], published: readonly PublishedSpeed[]): string {
  const measured = [COLUMNS.join('\t'), ...rows.map((row) => COLUMNS.map((column) => String(row[column] ?? '')).join('\t'))];
  const others = published.map(({ hardware, network, wordsPerS, source }) => [hardware, network, wordsPerS, source].join('\t'));
  return [...measured, '', 'published\tnetwork\twordsPerS\tsource', ...others].join('\n');
}
