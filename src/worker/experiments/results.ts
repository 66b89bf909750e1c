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
import type { MergeNote } from '../../shared/lab.js';
import { EXPERIMENTS } from './catalogue/index.js';

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
  /** Experiment and unit whose run this is too: the same network, data, settings and seed by another name. Not trained again. */
  sameAs: z.string().max(160).optional(),
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
/** Of a hash, as a note shows it: enough to tell a few apart. */
const HASH_DIGITS = 12;

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
        notes.push({
          kind: 'repeated',
          experiment: record.experiment,
          text: `${where} repeats ${earlier.where} ${outcome}; the first is used`,
        });
        return;
      }
      byUnit.set(key, { record, where });
    });
  }
  const records = [...byUnit.values()].map(({ record }) => record);
  for (const [experiment, own] of grouped(records, (record) => record.experiment)) {
    notes.push(...sharedRuns(experiment, own), ...codeVersions(experiment, own), ...differingData(experiment, own));
  }
  return { records, notes };
}

/** Rows that another experiment has trained. */
function sharedRuns(experiment: string, records: readonly ResultRecord[]): MergeNote[] {
  const each = [...grouped(records, ({ unit, sameAs }) => JSON.stringify([unit, sameAs])).values()].flatMap((runs) => {
    const { unit, sameAs } = runs[0]!;
    const seeds = runs.map(({ seed }) => seed).join(', ');
    return sameAs ? [`"${unit}" (seed ${seeds}) of ${sameAs}`] : [];
  });
  if (each.length === 0) return [];
  return [{ kind: 'shared-runs', experiment, text: `${experiment}: not trained again but taken over: ${each.join('; ')}` }];
}

/** A version names its commit, so a long sweep holds many of them: how many, and from which to which, says enough. */
function codeVersions(experiment: string, records: readonly ResultRecord[]): MergeNote[] {
  const inOrder = records.toSorted((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1));
  const versions = [...new Set(inOrder.map((record) => record.codeVersion))];
  if (versions.length < 2) return [];
  const text = `${experiment}: measured with ${versions.length} versions of the program, from ${versions[0]} to ${versions.at(-1)}`;
  return [{ kind: 'code-versions', experiment, text }];
}

/** Runs that should have read the same data and did not. */
function differingData(experiment: string, records: readonly ResultRecord[]): MergeNote[] {
  const described = EXPERIMENTS.find(({ name }) => name === experiment);
  const dataOf = ({ unit: name, seed }: ResultRecord): string => {
    const unit = described?.units.find((each) => each.name === name);
    return unit && described?.dataOf ? described.dataOf(unit, seed) : '';
  };
  return [...grouped(records, dataOf).values()].flatMap((alike): MergeNote[] => {
    const byHash = [...grouped(alike, (record) => record.dataHash)];
    if (byHash.length < 2) return [];
    const each = byHash.map(([hash, [first, ...others]]) => {
      const more = others.length > 0 ? ` and ${others.length} more` : '';
      return `${shortened(hash)} (${first!.unit}, seed ${first!.seed}${more})`;
    });
    return [{ kind: 'data-hashes', experiment, text: `${experiment}: data differ where they should not: ${each.join('; ')}` }];
  });
}

function grouped(records: readonly ResultRecord[], by: (record: ResultRecord) => string): Map<string, ResultRecord[]> {
  const groups = new Map<string, ResultRecord[]>();
  for (const record of records) {
    const group = groups.get(by(record));
    if (group) group.push(record);
    else groups.set(by(record), [record]);
  }
  return groups;
}

/** Hashes, alone or within words, by their first digits. */
function shortened(hash: string): string {
  return hash.replace(/[0-9a-f]{32,}/g, (digits) => digits.slice(0, HASH_DIGITS));
}

function parseLine(line: string): ResultRecord | null {
  if (line.length > LINE_BYTES_MAX) return null;
  try {
    return ResultRecord.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
