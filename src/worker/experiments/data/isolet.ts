import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WinnowError } from '../../../shared/errors.js';
import { badDataFile, type LabelledSet, readMaybeGzipped } from './labelled-set.js';

export const ISOLET_FEATURES = 617;
const CLASSES = 26;
const ROWS_MAX = 100_000;

/**
 * Reads ISOLET: the official training file (`isolet1+2+3+4.data`) where it is, else group 1 alone, a quarter of it (`partial`);
 * the test set is group 5.
 */
export function readIsolet(folder: string): { train: LabelledSet; test: LabelledSet; partial: boolean; hash: string } {
  const find = (...names: string[]) =>
    readMaybeGzipped(
      names.flatMap((name) =>
        [folder, join(folder, 'isolet')].flatMap((place) => [join(place, name), join(place, `${name}.gz`)]),
      ),
    );
  const official = find('isolet1+2+3+4.data');
  const train = official ?? find('isolet1.csv', 'isolet1.data');
  const test = find('isolet5.csv', 'isolet5.data');
  if (!train || !test) throw new WinnowError('experiment-no-data', { what: train ? 'isolet5' : 'isolet1', folder });
  return {
    train: parseIsolet(train.file, train.bytes.toString('latin1')),
    test: parseIsolet(test.file, test.bytes.toString('latin1')),
    partial: official === null,
    hash: createHash('sha256').update(train.sha256).update(test.sha256).digest('hex'),
  };
}

/** Rows of 617 features and a class from 1 to 26 (printed as `1` or `1.`), separated by commas. Every row counts, the first too. */
export function parseIsolet(file: string, text: string): LabelledSet {
  const rows = text.split('\n').filter((row) => row.trim() !== '');
  if (rows.length === 0 || rows.length > ROWS_MAX) throw badDataFile(file, `it has ${rows.length} rows`);
  const inputs = new Float32Array(rows.length * ISOLET_FEATURES);
  const targets = new Int32Array(rows.length);
  rows.forEach((row, r) => {
    const fields = row.split(',');
    if (fields.length !== ISOLET_FEATURES + 1) throw badDataFile(file, `row ${r + 1} has ${fields.length} fields`);
    const values = fields.map(parseNumber);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw badDataFile(file, `field ${bad + 1} of row ${r + 1} is no number`);
    const label = values[ISOLET_FEATURES]!;
    if (!Number.isInteger(label) || label < 1 || label > CLASSES) throw badDataFile(file, `row ${r + 1} is of class ${label}`);
    inputs.set(values.slice(0, ISOLET_FEATURES), r * ISOLET_FEATURES);
    targets[r] = label - 1;
  });
  return { inputs, targets, count: rows.length, classes: CLASSES };
}

function parseNumber(field: string): number {
  return field.trim() === '' ? NaN : Number(field);
}
