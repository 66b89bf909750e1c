import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WinnowError, type ErrorReport } from '../shared/errors.js';
import { WINDOW_VALUES } from '../shared/features.js';
import { BACKENDS, type BackendKind } from '../shared/network.js';
import { clipIndex, readClip } from '../worker/audio/clips.js';
import { decodeSoundFile } from '../worker/audio/decode.js';
import { WindowExtractor } from '../worker/features/extract.js';
import { fitClip } from '../worker/features/framing.js';
import { compareWithReference, type Agreement } from '../worker/network/agreement.js';
import { openExactly } from '../worker/network/backends.js';
import type { Model } from '../worker/network/model.js';

/** Clips that a verification runs on unless told: enough for every kind of sound, done within seconds. */
export const VERIFY_CLIPS = 100;
/** Their windows are all held in memory. */
export const VERIFY_CLIPS_MAX = 10_000;

export type BackendVerdict =
  | ({ readonly backend: BackendKind; readonly detail: string } & Agreement)
  | { readonly backend: BackendKind; readonly problem: ErrorReport };

/**
 * Runs clips through every back end of this computer and compares each with the reference.
 * @param folder of WAV and FLAC files, searched to its bottom; the clips that ship without one
 */
export async function verifyModel(
  model: Model,
  folder: string | undefined,
  count: number,
): Promise<{ readonly clips: number; readonly backends: readonly BackendVerdict[] }> {
  const extractor = new WindowExtractor(model.features);
  const sounds = folder === undefined ? await shippedClips() : await clipsBelow(folder, count);
  const windows = new Float32Array(sounds.length * WINDOW_VALUES);
  sounds.forEach((sound, i) => windows.set(extractor.window(fitClip(sound)), i * WINDOW_VALUES));
  const backends: BackendVerdict[] = [];
  for (const backend of BACKENDS) {
    if (backend !== 'reference') backends.push(await verdict(backend, model, windows, sounds.length));
  }
  return { clips: sounds.length, backends };
}

async function verdict(kind: BackendKind, model: Model, windows: Float32Array, count: number): Promise<BackendVerdict> {
  try {
    const backend = await openExactly(kind, model);
    try {
      return { backend: kind, detail: backend.detail, ...(await compareWithReference(backend, windows, count)) };
    } finally {
      await backend.close();
    }
  } catch (error) {
    const problem = WinnowError.from(error);
    if (problem.code !== 'backend-unavailable') throw problem;
    return { backend: kind, problem: problem.report() };
  }
}

async function shippedClips(): Promise<Float32Array[]> {
  const { clips } = await clipIndex();
  return Promise.all(clips.map(({ name }) => readClip(name)));
}

async function clipsBelow(folder: string, count: number): Promise<Float32Array[]> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch (cause) {
    throw new WinnowError('model-no-clips', { path: folder }, { cause });
  }
  const files = names.filter((name) => /\.(wav|flac)$/i.test(name)).sort();
  if (files.length === 0) throw new WinnowError('model-no-clips', { path: folder });
  const taken = Math.min(count, files.length);
  const picked = Array.from({ length: taken }, (_, i) => files[Math.floor((i * files.length) / taken)]!);
  const sounds: Float32Array[] = [];
  for (const file of picked) sounds.push(await decodeSoundFile(join(folder, file)));
  return sounds;
}
