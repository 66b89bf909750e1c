import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';
import { writeFileAtomically } from '../atomic-file.js';
import type { LayerTensors } from '../network/model.js';

/** What one epoch came to. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  /** Of the training windows, as they were seen. */
  readonly trainAccuracy: number;
  /** Of the validation clips of known words, clean. */
  readonly validationAccuracy: number;
  /** Mean over classes and noise levels: what the best epoch is chosen by. */
  readonly score: number;
  readonly seconds: number;
}

/** Everything that the next epoch follows from. */
export interface Checkpoint {
  /** Fingerprint of recipe, seed and data: only the same run goes on from here. */
  readonly identity: string;
  readonly history: readonly EpochRecord[];
  readonly layers: readonly LayerTensors[];
  readonly trainerState: Uint8Array;
  readonly best: KeptEpoch | null;
  /** By accuracy on the test part, for comparison with documents that chose so; nothing is chosen by it. */
  readonly bestOnTest?: KeptEpoch;
}

/** An epoch's network. */
export interface KeptEpoch {
  readonly epoch: number;
  readonly score: number;
  readonly layers: readonly LayerTensors[];
}

const MAGIC = 'winnow checkpoint 1\n';
const HASH_BYTES = 32;
const CHECKPOINT_BYTES_MAX = 2 ** 30;

const tensor = z.instanceof(Float32Array);
const layers = z.array(
  z.object({
    weight: tensor,
    mask: z.instanceof(Uint8Array).optional(),
    bias: tensor,
    mean: tensor.optional(),
    variance: tensor.optional(),
    dutyCycle: tensor.optional(),
  }),
);
const kept = z.object({ epoch: z.int(), score: z.number(), layers });
const CheckpointForm = z.object({
  identity: z.string(),
  history: z.array(
    z.object({
      epoch: z.int(),
      loss: z.number(),
      trainAccuracy: z.number(),
      validationAccuracy: z.number(),
      score: z.number(),
      seconds: z.number(),
    }),
  ),
  layers,
  trainerState: z.instanceof(Uint8Array),
  best: kept.nullable(),
  bestOnTest: kept.optional(),
});

/** The file beside a model in the making. */
export function checkpointPath(out: string): string {
  return `${out}.checkpoint`;
}

/**
 * Whole, or the one before.
 * @throws WinnowError `training-checkpoint-write`
 */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const body = serialize(checkpoint);
  try {
    await writeFileAtomically(file, Buffer.concat([Buffer.from(MAGIC), createHash('sha256').update(body).digest(), body]));
  } catch (error) {
    throw new WinnowError('training-checkpoint-write', { path: file, reason: (error as Error).message }, { cause: error });
  }
}

/**
 * The checkpoint of the run with this identity; null where there is none.
 * @throws WinnowError `training-checkpoint` where it is damaged or of another run
 */
export function readCheckpoint(file: string, identity: string): Checkpoint | null {
  if (!existsSync(file)) return null;
  const refuse = (reason: string): never => {
    throw new WinnowError('training-checkpoint', { path: file, reason });
  };
  if (statSync(file).size > CHECKPOINT_BYTES_MAX) refuse('it is too large');
  const bytes = readFileSync(file);
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) refuse('it is no checkpoint of this version');
  const body = bytes.subarray(MAGIC.length + HASH_BYTES);
  const hash = bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES);
  if (!createHash('sha256').update(body).digest().equals(hash)) refuse('it is damaged');
  const result = CheckpointForm.safeParse(deserialize(body));
  if (!result.success) return refuse('it is no checkpoint of this version');
  if (result.data.identity !== identity) refuse('it belongs to another recipe, seed or data');
  return result.data as Checkpoint;
}
