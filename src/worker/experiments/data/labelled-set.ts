import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { WinnowError } from '../../../shared/errors.js';

/** Inputs with their classes, ready for a trainer. */
export interface LabelledSet {
  /** `[sample][value]` */
  readonly inputs: Float32Array;
  /** Class index by sample, from 0. */
  readonly targets: Int32Array;
  readonly count: number;
  readonly classes: number;
}

const COMPRESSED_BYTES_MAX = 256 * 1024 * 1024;
const EXPANDED_BYTES_MAX = 512 * 1024 * 1024;

/** The first of the named files that exists, expanded where its name ends in `.gz`; null when none does. */
export function readMaybeGzipped(candidates: readonly string[]): { file: string; bytes: Buffer; sha256: string } | null {
  for (const file of candidates) {
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) continue;
    if (size > COMPRESSED_BYTES_MAX) throw badDataFile(file, `it is larger than ${COMPRESSED_BYTES_MAX} bytes`);
    const raw = readFileSync(file);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    if (!file.endsWith('.gz')) return { file, bytes: raw, sha256 };
    try {
      return { file, bytes: gunzipSync(raw, { maxOutputLength: EXPANDED_BYTES_MAX }), sha256 };
    } catch (error) {
      throw badDataFile(file, `it cannot be expanded: ${String(error)}`);
    }
  }
  return null;
}

export function badDataFile(file: string, reason: string): WinnowError {
  return new WinnowError('experiment-bad-data', { file, reason });
}

/** The samples of the given indices, in that order. */
export function subset(set: LabelledSet, indices: Uint32Array): LabelledSet {
  const width = set.inputs.length / set.count;
  const inputs = new Float32Array(indices.length * width);
  const targets = new Int32Array(indices.length);
  indices.forEach((from, to) => {
    inputs.set(set.inputs.subarray(from * width, (from + 1) * width), to * width);
    targets[to] = set.targets[from]!;
  });
  return { inputs, targets, count: indices.length, classes: set.classes };
}
