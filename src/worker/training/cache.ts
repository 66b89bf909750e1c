import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { WinnowError } from '../../shared/errors.js';

/** Where decoded clips and ready-made epochs are kept: `WINNOW_CACHE`, or the system's folder for such things. */
export function cacheFolder(): string {
  const chosen = process.env['WINNOW_CACHE'];
  if (chosen) return path.resolve(chosen);
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'winnow');
  if (process.platform === 'win32') {
    return path.join(process.env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), 'winnow', 'cache');
  }
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'winnow');
}

/** Makes room: removes the files of a folder of the cache that were not written for longest, until the rest fits. */
export function trimCache(folder: string, bytesMax: number): void {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder).map((name) => {
    const file = path.join(folder, name);
    // Another run may have removed it since.
    const state = statSync(file, { throwIfNoEntry: false });
    return { file, bytes: state?.size ?? 0, writtenMs: state?.mtimeMs ?? 0 };
  });
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const old of files.sort((a, b) => a.writtenMs - b.writtenMs)) {
    if (bytes <= bytesMax) return;
    rmSync(old.file, { force: true });
    bytes -= old.bytes;
  }
}

/** What is being reported matters more than a temporary file that cannot be removed. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder is none, for instance.
  }
}

/** A file of the cache in the making: it appears under its name when it is whole, or never. */
export class CacheFileWriter {
  private readonly temporary: string;
  private readonly descriptor: number;

  /** @throws WinnowError `training-cache` */
  constructor(private readonly file: string) {
    this.temporary = `${file}.${process.pid}.tmp`;
    this.descriptor = this.guarded(() => {
      mkdirSync(path.dirname(file), { recursive: true });
      return openSync(this.temporary, 'w');
    });
  }

  /** @throws WinnowError `training-cache` */
  write(data: ArrayBufferView): void {
    this.guarded(() => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < bytes.length;) at += writeSync(this.descriptor, bytes, at);
    });
  }

  /** @throws WinnowError `training-cache` */
  finish(): void {
    this.guarded(() => {
      fsyncSync(this.descriptor);
      closeSync(this.descriptor);
      renameSync(this.temporary, this.file);
    });
  }

  abandon(): void {
    try {
      closeSync(this.descriptor);
    } catch {
      // Closed already.
    }
    removeQuietly(this.temporary);
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      removeQuietly(this.temporary);
      throw new WinnowError('training-cache', { path: this.file, reason: (error as Error).message }, { cause: error });
    }
  }
}
