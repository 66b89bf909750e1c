import { contentHash } from '../../src/worker/network/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/worker/network/safetensors.js';

/** A model file with fewer tensors, otherwise as valid as it was: what a program that leaves them out would write. */
export function withoutTensors(file: Uint8Array, isGone: (name: string) => boolean): Uint8Array {
  const { metadata, tensors } = decodeSafetensors(file);
  const kept = tensors.filter(({ name }) => !isGone(name));
  return encodeSafetensors({ metadata: { ...metadata, sha256: contentHash(metadata['winnow']!, kept) }, tensors: kept });
}
