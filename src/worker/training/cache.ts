import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
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
    rmSync(this.temporary, { force: true });
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      rmSync(this.temporary, { force: true });
      throw new WinnowError('training-cache', { path: this.file, reason: (error as Error).message }, { cause: error });
    }
  }
}
