import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WinnowError } from '../../shared/errors.js';
import { writeFileAtomically } from '../atomic-file.js';
import { winnowHome } from '../places.js';
import { encodeWav } from './wav.js';

const FILE = /^room-.*\.wav$/;

export function roomsFolder(): string {
  return join(winnowHome(), 'rooms');
}

/**
 * Keeps a recording of the room in place of the last one, under a name of its own, so that whoever has the old one open does not
 * take the new one for it.
 * @returns its path
 */
export async function keepRoom(sound: Float32Array, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const earlier = await roomFiles(folder);
  const name = `room-${new Date().toISOString().replace(/[:.]/g, '-')}.wav`;
  const path = join(folder, name);
  await writeFileAtomically(path, encodeWav(sound));
  for (const old of earlier) if (old !== name) await rm(join(folder, old), { force: true });
  return path;
}

/** @returns the path of the room that was recorded last. @throws WinnowError `audio-noise-room-missing` */
export async function lastRoom(folder: string = roomsFolder()): Promise<string> {
  const newest = (await roomFiles(folder)).sort().at(-1);
  if (newest === undefined) throw new WinnowError('audio-noise-room-missing');
  return join(folder, newest);
}

/** Names that begin with the time of the recording. */
async function roomFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => FILE.test(name));
}
