import { decodeBase64 } from './base64.js';

/** Bytes before the samples in the WAV files that the host writes. */
const HEADER_BYTES = 44;

/** The samples of a 16-bit mono WAV file as the host writes them, given as base64, in [-1, 1). */
export function wavSamples(base64: string): Float32Array {
  const bytes = decodeBase64(base64);
  const view = new DataView(bytes.buffer);
  const count = Math.max(0, Math.floor((bytes.length - HEADER_BYTES) / 2));
  return Float32Array.from({ length: count }, (_, i) => view.getInt16(HEADER_BYTES + 2 * i, true) / 32768);
}
