import { readFile, stat } from 'node:fs/promises';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { isFlac, parseFlac } from './flac.js';
import { resample } from './resample.js';
import { SOUND_FILE_BYTES_MAX, type Sound } from './sound.js';
import { isWav, parseWav } from './wav.js';

/** The mean of the channels. */
function mono(sound: Sound): Float32Array {
  const [left, right] = sound.channels;
  return right ? left!.map((sample, i) => (sample + right[i]!) / 2) : left!;
}

/**
 * The bytes of a WAV or FLAC file, told apart by content, as mono 16 kHz in [-1, 1]. The length is the file's times
 * 16,000 / its rate, rounded.
 * @param file what errors call it
 * @throws WinnowError with a code `audio-...`
 */
export function decodeSound(bytes: Uint8Array, file: string): Float32Array {
  if (bytes.length === 0) throw new WinnowError('audio-empty', { file });
  if (bytes.length > SOUND_FILE_BYTES_MAX) throw tooLarge(file);
  if (!isWav(bytes) && !isFlac(bytes)) throw new WinnowError('audio-unknown-format', { file });
  const sound = isWav(bytes) ? parseWav(bytes, file) : parseFlac(bytes, file);
  const samples = resample(mono(sound), sound.sampleRate, SAMPLE_RATE_HZ);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-1, Math.min(1, samples[i]!));
  return samples;
}

function tooLarge(file: string): WinnowError {
  return new WinnowError('audio-too-large', { file, limit: `${SOUND_FILE_BYTES_MAX / 2 ** 20} MiB` });
}

/** `decodeSound` of a file. Opens nothing but ordinary files, so that no pipe or device can hang it. */
export async function decodeSoundFile(path: string): Promise<Float32Array> {
  return decodeSound(await readBytes(path), path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  const unreadable = (reason: string, cause?: unknown): WinnowError =>
    new WinnowError('audio-unreadable', { file: path, reason }, { cause });
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw unreadable('it is not an ordinary file');
    if (entry.size > SOUND_FILE_BYTES_MAX) throw tooLarge(path);
    return await readFile(path);
  } catch (error) {
    if (error instanceof WinnowError) throw error;
    throw unreadable(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
