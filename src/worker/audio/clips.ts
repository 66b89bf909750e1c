import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';
import { resourcesFolder } from '../places.js';
import { decodeSoundFile } from './decode.js';

const ClipName = z.string().regex(/^[a-z0-9-]{1,64}$/);
const ClipIndex = z.strictObject({
  /** Words of one second each: file `<name>.wav`. */
  clips: z.array(z.strictObject({ name: ClipName, label: z.string().max(32), voice: z.string().max(64) })).max(256),
  /** Longer sounds with several words, whose places their file `<name>.json` tells. */
  sequences: z.array(z.strictObject({ name: ClipName, seconds: z.number().positive() })).max(16),
});
export type ClipIndex = z.infer<typeof ClipIndex>;

const folder = (): string => join(resourcesFolder(), 'clips');

/** The clips that ship with the product. @throws WinnowError `audio-clips-missing` */
export async function clipIndex(): Promise<ClipIndex> {
  const path = join(folder(), 'clips.json');
  try {
    return ClipIndex.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new WinnowError('audio-clips-missing', { path, reason: (error as Error).message }, { cause: error });
  }
}

/** The sound of one of them, mono 16 kHz. @throws WinnowError `audio-clip-unknown`, `audio-clips-missing`, `audio-...` */
export async function readClip(name: string): Promise<Float32Array> {
  const { clips, sequences } = await clipIndex();
  const known = [...clips, ...sequences].map((clip) => clip.name);
  if (!known.includes(name)) throw new WinnowError('audio-clip-unknown', { clip: name, known: known.join(', ') });
  return decodeSoundFile(clipPath(name));
}

/** The file of a clip that ships. */
export function clipPath(name: string): string {
  return join(folder(), `${name}.wav`);
}
