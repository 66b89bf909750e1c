import {
  closeSync,
  fsyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';

const Curve = z.strictObject({ x: z.array(z.number()), y: z.array(z.number()) });
export type Curve = z.infer<typeof Curve>;

/** One finished unit of an experiment: a network trained from one seed. A line of a result file. */
export const ResultRecord = z.strictObject({
  experiment: z.string().min(1).max(64),
  unit: z.string().min(1).max(64),
  seed: z.int().nonnegative(),
  /** Everything that defined the unit, so that it can be run again. */
  spec: z.unknown(),
  dataHash: z.string().max(128),
  codeVersion: z.string().max(128),
  machine: z.string().max(256),
  /** ISO 8601. */
  finishedAt: z.string().max(40),
  seconds: z.number().nonnegative(),
  /** Chosen on validation data. Fractions between 0 and 1 unless the experiment says otherwise. */
  metrics: z.record(z.string().max(64), z.number()),
  /** The same of the best epoch on test, as the documents chose; nothing is ever chosen by it. */
  bestOnTest: z.record(z.string().max(64), z.number()).optional(),
  curves: z.record(z.string().max(64), Curve),
});
export type ResultRecord = z.infer<typeof ResultRecord>;

/** Lines longer than this are not results. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;
const FILE_BYTES_MAX = 512 * 1024 * 1024;
const NEWLINE = 0x0a;

/** What a merge has to tell: nothing is lost or averaged silently. */
export interface MergeNote {
  readonly kind: 'cut-line' | 'bad-line' | 'repeated' | 'code-versions' | 'data-hashes';
  readonly text: string;
}

/** Appends one line and waits until it is on the disk. A line that an earlier run left cut in the middle is closed first. */
export function appendResult(file: string, record: ResultRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(file, 'a+');
  try {
    const { size } = fstatSync(handle);
    const last = Buffer.alloc(1);
    if (size > 0) readSync(handle, last, 0, 1, size - 1);
    const separator = size > 0 && last[0] !== NEWLINE ? '\n' : '';
    writeSync(handle, `${separator}${JSON.stringify(ResultRecord.parse(record))}\n`);
    fsyncSync(handle);
  } catch (error) {
    throw new WinnowError('experiment-write', { file, reason: String(error) }, { cause: error });
  } finally {
    closeSync(handle);
  }
}

/** The result files of a folder (or a file itself), in the order of their names. */
export function resultFiles(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw new WinnowError('experiment-no-results', { path }, { cause: error });
  }
  if (!isFolder) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => join(path, name));
}

/** Reads and merges any number of result files; what is wrong with them is named in the notes. */
export function readResults(files: readonly string[]): { records: ResultRecord[]; notes: MergeNote[] } {
  const notes: MergeNote[] = [];
  const byUnit = new Map<string, { record: ResultRecord; where: string }>();
  for (const file of files) {
    if (statSync(file).size > FILE_BYTES_MAX) throw new WinnowError('experiment-no-results', { path: file });
    const lines = readFileSync(file, 'utf8').split('\n');
    lines.forEach((line, index) => {
      if (line.trim() === '') return;
      const where = `${file}:${index + 1}`;
      const record = parseLine(line);
      if (!record) {
        // A writer that was killed leaves a last line without its end; anything else is damage.
        const cut = index === lines.length - 1;
        notes.push(
          cut
            ? { kind: 'cut-line', text: `${where} was cut in the middle and is left out; its unit has to be run again` }
            : { kind: 'bad-line', text: `${where} is no result and is left out` },
        );
        return;
      }
      const key = JSON.stringify([record.experiment, record.unit, record.seed]);
      const earlier = byUnit.get(key);
      if (earlier) {
        const same = JSON.stringify(earlier.record.metrics) === JSON.stringify(record.metrics);
        const outcome = same ? 'with the same figures' : 'with DIFFERENT figures';
        notes.push({ kind: 'repeated', text: `${where} repeats ${earlier.where} ${outcome}; the first is used` });
        return;
      }
      byUnit.set(key, { record, where });
    });
  }
  const records = [...byUnit.values()].map(({ record }) => record);
  for (const experiment of new Set(records.map((record) => record.experiment))) {
    const own = records.filter((record) => record.experiment === experiment);
    noteDifferences(notes, 'code-versions', `${experiment}: code versions`, new Set(own.map((record) => record.codeVersion)));
    noteDifferences(notes, 'data-hashes', `${experiment}: data`, new Set(own.map((record) => record.dataHash)));
  }
  return { records, notes };
}

function noteDifferences(notes: MergeNote[], kind: MergeNote['kind'], what: string, values: Set<string>): void {
  if (values.size > 1) notes.push({ kind, text: `${what} differ: ${[...values].sort().join(', ')}` });
}

function parseLine(line: string): ResultRecord | null {
  if (line.length > LINE_BYTES_MAX) return null;
  try {
    return ResultRecord.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
