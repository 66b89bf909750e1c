import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';
import { halfBits, halfTable } from './half.js';

/** The header is JSON that is parsed whole: it may not be large. */
export const HEADER_BYTES_MAX = 1_048_576;
export const TENSORS_MAX = 256;
const TENSOR_RANK_MAX = 8;
const LENGTH_BYTES = 8;
const ALIGNMENT_BYTES = 8;
const METADATA = '__metadata__';

export type Dtype = 'F32' | 'F16' | 'U8';
const DTYPE_BYTES: Readonly<Record<Dtype, number>> = { F32: 4, F16: 2, U8: 1 };

/** One tensor of a safetensors file. `F16` values are held as the bits they are stored in. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
}

const TensorHeader = z.strictObject({
  dtype: z.enum(['F32', 'F16', 'U8']),
  shape: z.array(z.int().nonnegative()).max(TENSOR_RANK_MAX),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * Writes the safetensors format: header length (64 bits, little-endian), JSON header, the tensors' bytes one after the other.
 * Tensors of wide numbers come first, so that every one is aligned.
 */
export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = { [METADATA]: file.metadata };
  let offset = 0;
  for (const tensor of file.tensors) {
    const end = offset + tensor.bytes.length;
    header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  if (headerBytes > HEADER_BYTES_MAX) throw refusal(`its header would have ${headerBytes} bytes, more than ${HEADER_BYTES_MAX}`);
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  bytes.set(text, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const tensor of file.tensors) {
    bytes.set(tensor.bytes, at);
    at += tensor.bytes.length;
  }
  return bytes;
}

/**
 * Reads a safetensors file from anywhere. Everything is checked before it is used: the header's length and schema, that shapes
 * and byte ranges agree, and that the ranges cover the data exactly, without gap or overlap.
 * @throws WinnowError `model-format`
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < LENGTH_BYTES) throw refusal(`it has only ${bytes.length} bytes`);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
  if (headerBytes > BigInt(HEADER_BYTES_MAX))
    throw refusal(`its header claims ${headerBytes} bytes, more than ${HEADER_BYTES_MAX}`);
  const dataStart = LENGTH_BYTES + Number(headerBytes);
  if (dataStart > bytes.length) throw refusal('it ends within its header');
  const data = bytes.subarray(dataStart);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart));

  const metadata = z.record(z.string(), z.string()).safeParse(header.get(METADATA) ?? {});
  if (!metadata.success) throw refusal('its metadata are not texts');
  header.delete(METADATA);
  if (header.size > TENSORS_MAX) throw refusal(`it holds ${header.size} tensors, more than ${TENSORS_MAX}`);

  const placed = Array.from(header, ([name, value]) => placeTensor(name, value, data.length));
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of placed) {
    if (begin !== covered) throw refusal(`tensor "${name}" ${begin < covered ? 'overlaps another' : 'leaves a gap before it'}`);
    covered = end;
  }
  if (covered !== data.length) throw refusal(`${data.length - covered} bytes at its end belong to no tensor`);
  const tensors = placed.map(({ begin, end, ...tensor }) => ({ ...tensor, bytes: data.subarray(begin, end) }));
  return { metadata: metadata.data, tensors };
}

function parseHeader(bytes: Uint8Array): Map<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new WinnowError('model-format', { reason: 'its header is not JSON' }, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('its header is not a JSON object');
  return new Map(Object.entries(value));
}

function placeTensor(name: string, value: unknown, dataBytes: number) {
  const parsed = TensorHeader.safeParse(value);
  if (!parsed.success) throw refusal(`tensor "${name.slice(0, 64)}" is not described as a tensor of F32, F16 or U8`);
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [begin, end] = offsets;
  const wanted = shape.reduce((product, side) => product * side, DTYPE_BYTES[dtype]);
  if (begin > end || end > dataBytes) throw refusal(`tensor "${name}" lies outside the file`);
  // A product beyond the safe integers cannot equal the size of a file, so an overflow is refused here too.
  if (!Number.isSafeInteger(wanted) || wanted !== end - begin) throw refusal(`tensor "${name}" has another size than its shape`);
  return { name, dtype, shape, begin, end };
}

/** @param dtype `F16` rounds to the nearest half-precision number */
export function storeNumbers(name: string, values: Float32Array, dtype: 'F32' | 'F16', shape: readonly number[]): StoredTensor {
  const bytes = new Uint8Array(values.length * DTYPE_BYTES[dtype]);
  const view = new DataView(bytes.buffer);
  if (dtype === 'F32') values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  else values.forEach((value, i) => view.setUint16(2 * i, halfBits(value), true));
  return { name, dtype, shape, bytes };
}

/** The numbers of an F32 or F16 tensor. */
export function loadNumbers({ dtype, bytes }: StoredTensor): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(bytes.length / DTYPE_BYTES[dtype]);
  if (dtype === 'F32') {
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  } else {
    const numbers = halfTable();
    for (let i = 0; i < values.length; i++) values[i] = numbers[view.getUint16(2 * i, true)]!;
  }
  return values;
}

function refusal(reason: string): WinnowError {
  return new WinnowError('model-format', { reason });
}
