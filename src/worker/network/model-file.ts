import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { SuggestedDecision } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import { FeatureSpec } from '../../shared/features.js';
import { writeFileAtomically } from '../atomic-file.js';
import { StoredLayers, storeLayer, type WeightPrecision } from './model-tensors.js';
import type { Model, TrainingReport } from './model.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';
import { layerShapes, parseNetworkSpec } from './shapes.js';
import { checkTensors } from './tensors.js';

export const MODEL_FILE_EXTENSION = '.safetensors';
/** More than any network within the limits of `shapes.ts` needs in single precision. */
export const MODEL_FILE_BYTES_MAX = 150_000_000;
const FORMAT_VERSION = 1;
const LABEL_LENGTH_MAX = 64;
const LABELS_MAX = 1024;
export const MODEL_NAME_LENGTH_MAX = 64;

export interface StoredModel {
  readonly model: Model;
  /** SHA-256 of the contents, in hexadecimal: the model's identity wherever the file lies. */
  readonly sha256: string;
  readonly bytes: number;
}

const Report = z.looseObject({ command: z.string(), seed: z.number(), data: z.string(), split: z.string() });

const Description = z.strictObject({
  version: z.literal(FORMAT_VERSION),
  name: z.string().min(1).max(MODEL_NAME_LENGTH_MAX),
  spec: z.unknown(),
  labels: z.array(z.string().min(1).max(LABEL_LENGTH_MAX)).min(1).max(LABELS_MAX),
  features: FeatureSpec,
  decision: SuggestedDecision.optional(),
  report: Report.optional(),
});

/**
 * A model as the bytes of its file (docs/model-file.md).
 * @param precision of the weights; `f16` halves the file and rounds them
 * @throws WinnowError `model-format`, `network-...` where the model itself is not sound
 */
export function encodeModel(model: Model, precision: WeightPrecision = 'f32'): Uint8Array {
  const shapes = checkTensors(model.spec, model.layers);
  checkLabels(model, shapes.at(-1)!.channels);
  const description = describeModel(model);
  const widest = { F32: 0, F16: 1, U8: 2 };
  const tensors = shapes.flatMap((shape, i) => storeLayer(shape, model.layers[i]!, precision));
  tensors.sort((a, b) => widest[a.dtype] - widest[b.dtype]);
  return encodeSafetensors({ metadata: { winnow: description, sha256: contentHash(description, tensors) }, tensors });
}

/**
 * Reads a model from bytes of any origin. No code is ever loaded from a model; what does not fit in any respect is refused.
 * @throws WinnowError `model-format`, `model-version`, `model-hash`, `network-...`
 */
export function decodeModel(bytes: Uint8Array): StoredModel {
  if (bytes.length > MODEL_FILE_BYTES_MAX) {
    throw new WinnowError('model-format', { reason: `it has ${bytes.length} bytes, more than ${MODEL_FILE_BYTES_MAX}` });
  }
  const { metadata, tensors } = decodeSafetensors(bytes);
  const text = metadata['winnow'];
  if (text === undefined) throw new WinnowError('model-format', { reason: 'it is a safetensors file, but not one of Winnow' });
  const description = parseDescription(text);
  const sha256 = contentHash(text, tensors);
  if (metadata['sha256'] !== sha256) throw new WinnowError('model-hash');

  const spec = parseNetworkSpec(description.spec);
  const { channels, height, width } = spec.input;
  if (channels !== 1 || height !== description.features.melBands || width !== description.features.frames) {
    throw new WinnowError('model-format', {
      reason: `its network takes ${channels} x ${height} x ${width} values, its features make others`,
    });
  }
  const stored = new StoredLayers(tensors);
  const layers = layerShapes(spec).map((shape) => stored.take(shape));
  stored.finish();
  checkTensors(spec, layers);
  const { name, labels, features, decision, report } = description;
  const model: Model = {
    ...{ name, spec, labels, features, layers },
    ...(decision ? { decision } : {}),
    ...(report ? { report: report as TrainingReport } : {}),
  };
  checkLabels(model, layers.at(-1)!.bias.length);
  return { model, sha256, bytes: bytes.length };
}

/**
 * A model file with another suggestion for the decision, and with more in its report; its tensors stay byte for byte.
 * @throws WinnowError as `decodeModel`
 */
export function withDecision(
  bytes: Uint8Array,
  decision: SuggestedDecision,
  reported: Readonly<Record<string, unknown>>,
): Uint8Array {
  const { model } = decodeModel(bytes);
  const { metadata, tensors } = decodeSafetensors(bytes);
  const { report } = model;
  const description = describeModel({ ...model, decision, ...(report ? { report: { ...report, ...reported } } : {}) });
  return encodeSafetensors({
    metadata: { ...metadata, winnow: description, sha256: contentHash(description, tensors) },
    tensors,
  });
}

/**
 * @throws WinnowError `model-write` or `model-disk-full`: then no file was written and an older one of this path stands
 */
export async function writeModelFile(path: string, model: Model, precision: WeightPrecision = 'f32'): Promise<void> {
  const bytes = encodeModel(model, precision);
  try {
    await writeFileAtomically(path, bytes);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** @throws WinnowError `model-read`, and whatever `decodeModel` throws */
export async function readModelFile(path: string): Promise<Model> {
  return decodeModel(await readModelBytes(path)).model;
}

/** The bytes of a file that could be a model: a plain file within the limit. @throws WinnowError `model-read` */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const state = await file.stat();
      if (!state.isFile()) throw new Error('it is not a file');
      if (state.size > MODEL_FILE_BYTES_MAX) throw new Error(`it has ${state.size} bytes, more than ${MODEL_FILE_BYTES_MAX}`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new WinnowError('model-read', { path, reason: reasonOf(error) }, { cause: error });
  }
}

/** What a failed write is called: a full disk has a name of its own, because its next step differs. */
export function writeFailure(path: string, error: unknown): WinnowError {
  if (error instanceof WinnowError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new WinnowError('model-disk-full', { path }, { cause: error });
  return new WinnowError('model-write', { path, reason: reasonOf(error) }, { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describeModel({ name, spec, labels, features, decision, report }: Model): string {
  const more = { ...(decision ? { decision } : {}), ...(report ? { report } : {}) };
  return JSON.stringify({ version: FORMAT_VERSION, name, spec, labels, features, ...more });
}

function parseDescription(text: string): z.infer<typeof Description> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WinnowError('model-format', { reason: 'its description is not JSON' }, { cause });
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > FORMAT_VERSION) throw new WinnowError('model-version', { version });
  const parsed = Description.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new WinnowError('model-format', {
    reason: `${issue?.path.join('.') || 'description'}: ${issue?.message ?? 'not valid'}`,
  });
}

function checkLabels({ labels }: Model, outputs: number): void {
  if (labels.length !== outputs) {
    throw new WinnowError('model-format', { reason: `it names ${labels.length} labels for ${outputs} outputs` });
  }
  if (new Set(labels).size !== labels.length) throw new WinnowError('model-format', { reason: 'two of its labels are the same' });
}

/** SHA-256 of the description and, for each tensor in the order of its bytes, a line that names it and its bytes. */
export function contentHash(description: string, tensors: readonly StoredTensor[]): string {
  const hash = createHash('sha256').update(description, 'utf8');
  for (const { name, dtype, shape, bytes } of tensors)
    hash.update(`\n${name} ${dtype} ${shape.join(',')}\n`, 'utf8').update(bytes);
  return hash.digest('hex');
}
