import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheFileWriter, trimCache } from './cache.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('CacheFileWriter', () => {
  it('shows a file only when it is whole', () => {
    const file = path.join(folder, 'deep', 'values');
    const writer = new CacheFileWriter(file);
    writer.write(Float32Array.of(1, 2));
    expect(readdirSync(path.dirname(file))).not.toContain('values');
    writer.write(Uint8Array.of(7));
    writer.finish();
    expect(readdirSync(path.dirname(file))).toEqual(['values']);
    expect(readFileSync(file)).toHaveLength(9);
  });

  it('leaves nothing when it is abandoned', () => {
    const writer = new CacheFileWriter(path.join(folder, 'values'));
    writer.write(Uint8Array.of(1));
    writer.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('[negative] says where it could not write', () => {
    writeFileSync(path.join(folder, 'taken'), '');
    expect(() => new CacheFileWriter(path.join(folder, 'taken', 'values'))).toThrowError(
      expect.objectContaining({ code: 'training-cache' }),
    );
  });
});

it('removes the oldest files of a folder until the rest fits', () => {
  for (const [age, name] of ['new', 'older', 'oldest'].entries()) {
    writeFileSync(path.join(folder, name), Buffer.alloc(100));
    utimesSync(path.join(folder, name), 1000 - age, 1000 - age);
  }
  trimCache(folder, 300);
  expect(readdirSync(folder)).toHaveLength(3);
  trimCache(folder, 250);
  expect(readdirSync(folder).sort()).toEqual(['new', 'older']);
  trimCache(path.join(folder, 'missing'), 0);
});
