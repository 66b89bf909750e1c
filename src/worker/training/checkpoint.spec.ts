import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.js';

const layers = [{ weight: Float32Array.of(1, 0, -2), mask: Uint8Array.of(1, 0, 1), bias: Float32Array.of(0.5) }];
const checkpoint: Checkpoint = {
  identity: 'abc',
  history: [{ epoch: 1, loss: 1.5, trainAccuracy: 0.5, validationAccuracy: 0.6, score: 0.55, seconds: 2 }],
  layers,
  trainerState: Uint8Array.of(1, 2, 3),
  best: { epoch: 1, score: 0.55, layers },
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-checkpoint-'));
  file = path.join(folder, 'model.checkpoint');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('checkpoints', () => {
  it('come back bit for bit, and leave no other file', async () => {
    await writeCheckpoint(file, checkpoint);
    expect(readCheckpoint(file, 'abc')).toEqual(checkpoint);
    expect(readdirSync(folder)).toEqual(['model.checkpoint']);
  });

  it('are null where there is none', () => expect(readCheckpoint(file, 'abc')).toBeNull());

  it('[negative] of another run are refused', async () => {
    await writeCheckpoint(file, checkpoint);
    expect(() => readCheckpoint(file, 'abd')).toThrowError(expect.objectContaining({ code: 'training-checkpoint' }));
  });

  it('[negative] damaged anywhere are refused', async () => {
    await writeCheckpoint(file, checkpoint);
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const damaged = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) damaged[at] = damaged[at]! ^ change;
        writeFileSync(file, damaged);
        expect(() => readCheckpoint(file, 'abc')).toThrowError(expect.objectContaining({ code: 'training-checkpoint' }));
      }),
    );
  });

  it('[negative] that cannot be written say so', async () => {
    writeFileSync(path.join(folder, 'blocked'), '');
    const blocked = path.join(folder, 'blocked', 'model.checkpoint');
    await expect(writeCheckpoint(blocked, checkpoint)).rejects.toMatchObject({ code: 'training-checkpoint-write' });
  });
});
