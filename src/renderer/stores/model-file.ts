import { WinnowError } from '../../shared/errors.js';
import { encodeBase64 } from '../audio/base64.js';

/** Models of the product stay under 4 MB; the host takes twice that. */
export const MODEL_FILE_LARGEST_BYTES = 8_000_000;
const NAME_LONGEST = 128;

/** What `models.import` wants of a dropped file. Refuses what cannot be a model before its bytes travel. */
export async function readModelFile(file: File): Promise<{ name: string; base64: string }> {
  const refuse = (reason: string) => new WinnowError('window-file-unreadable', { name: file.name, reason });
  if (!file.name.endsWith('.safetensors')) throw refuse('its name does not end in .safetensors');
  if (file.size === 0) throw refuse('it is empty');
  if (file.size > MODEL_FILE_LARGEST_BYTES) throw refuse(`it is larger than ${MODEL_FILE_LARGEST_BYTES / 1e6} MB`);
  let content: ArrayBuffer;
  try {
    content = await file.arrayBuffer();
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  return { name: file.name.slice(-NAME_LONGEST), base64: encodeBase64(new Uint8Array(content)) };
}
