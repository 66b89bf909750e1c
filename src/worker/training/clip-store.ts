import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CLIP_SAMPLES } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { decodeSoundFile } from '../audio/decode.js';
import { CacheFileWriter, cacheFolder } from './cache.js';
import { listingKey, type ClipFile, type Listing } from './dataset.js';

const CLIP_BYTES = 2 * CLIP_SAMPLES;
/** Counts up when the form of the cache changes. */
const CACHE_VERSION = 1;
const PROGRESS_EVERY_CLIPS = 100;
const PCM_SCALE = 32768;

const CacheIndex = z.strictObject({
  version: z.literal(CACHE_VERSION),
  clips: z.int().nonnegative(),
  /** SHA-256 over names and samples: what a training report names its data by. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

export type OnClips = (done: number, total: number) => void;

/** How a recording of any length becomes a clip. */
export interface ClipForm {
  /** Part of the cache's name. */
  readonly name: string;
  /** At most one second of it; what is missing of the second is filled up with zeros. */
  fit(recording: Float32Array): Float32Array;
}

/** As data sets have their clips: from the beginning. */
const FIRST_SECOND: ClipForm = { name: 'first', fit: (recording) => recording.subarray(0, CLIP_SAMPLES) };

/** Clips of one second each, decoded, in one file of 16-bit samples: the second run of a command starts at once. */
export class ClipStore {
  private constructor(
    readonly clips: readonly ClipFile[],
    readonly hash: string,
    private readonly descriptor: number,
  ) {}

  /**
   * Opens the clips' cache, decoding them first where it does not exist yet.
   * @throws WinnowError `training-cache`, and whatever decoding throws
   */
  static async open(
    listing: Listing,
    clips: readonly ClipFile[],
    onProgress?: OnClips,
    form: ClipForm = FIRST_SECOND,
  ): Promise<ClipStore> {
    const key = listingKey(listing, clips).slice(0, 32);
    const base = path.join(cacheFolder(), 'clips', form === FIRST_SECOND ? key : `${key}-${form.name}`);
    const index = ClipStore.valid(base, clips.length) ?? (await ClipStore.decode(base, listing, clips, form, onProgress));
    return new ClipStore(clips, index.hash, openSync(`${base}.pcm`, 'r'));
  }

  private static valid(base: string, count: number): z.infer<typeof CacheIndex> | null {
    if (!existsSync(`${base}.json`) || !existsSync(`${base}.pcm`)) return null;
    try {
      const index = CacheIndex.parse(JSON.parse(readFileSync(`${base}.json`, 'utf8')));
      return index.clips === count && statSync(`${base}.pcm`).size === count * CLIP_BYTES ? index : null;
    } catch {
      // A damaged index only means that the clips are decoded again.
      return null;
    }
  }

  private static async decode(
    base: string,
    listing: Listing,
    clips: readonly ClipFile[],
    form: ClipForm,
    onProgress?: OnClips,
  ): Promise<z.infer<typeof CacheIndex>> {
    const pcm = new CacheFileWriter(`${base}.pcm`);
    const hash = createHash('sha256');
    try {
      for (const [i, clip] of clips.entries()) {
        const samples = form.fit(await decodeSoundFile(path.join(listing.root, clip.path)));
        const fitted = new Int16Array(CLIP_SAMPLES);
        for (let j = 0; j < Math.min(samples.length, CLIP_SAMPLES); j++) {
          fitted[j] = Math.max(-PCM_SCALE, Math.min(PCM_SCALE - 1, Math.round(samples[j]! * PCM_SCALE)));
        }
        hash.update(`${clip.path}\n`).update(new Uint8Array(fitted.buffer));
        pcm.write(fitted);
        if ((i + 1) % PROGRESS_EVERY_CLIPS === 0 || i + 1 === clips.length) onProgress?.(i + 1, clips.length);
      }
      pcm.finish();
    } catch (error) {
      pcm.abandon();
      throw error;
    }
    const index = { version: CACHE_VERSION, clips: clips.length, hash: hash.digest('hex') } as const;
    const writer = new CacheFileWriter(`${base}.json`);
    writer.write(Buffer.from(JSON.stringify(index)));
    writer.finish();
    return index;
  }

  /** The samples of one clip in [-1, 1), 16,000 of them, written into `out`. */
  read(clip: number, out: Float32Array): void {
    const pcm = new Int16Array(CLIP_SAMPLES);
    const got = readSync(this.descriptor, pcm, 0, CLIP_BYTES, clip * CLIP_BYTES);
    if (got !== CLIP_BYTES) {
      throw new WinnowError('training-clip', { path: this.clips[clip]?.path ?? `#${clip}`, reason: 'the cache is cut off' });
    }
    for (let i = 0; i < CLIP_SAMPLES; i++) out[i] = pcm[i]! / PCM_SCALE;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
