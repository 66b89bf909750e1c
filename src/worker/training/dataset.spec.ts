import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classOf, clipsOf, dividedForTraining, listData, listingKey, noiseSplit } from './dataset.js';
import { hashSplit } from './hash-split.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'winnow-data-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(...parts: string[]): void {
  const target = path.join(root, ...parts);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, 'not decoded here');
}

function aDataRoot(): void {
  for (const part of ['train', 'val', 'test']) file('commands', part, 'yes', `a_nohash_${part.length}.flac`);
  file('noise', 'gsc', 'tap.flac');
  for (const fold of [1, 3, 4, 5]) file('noise', 'esc10', 'rain', `${fold}-1234-A.flac`);
}

describe('listData', () => {
  it.each(['', 'commands'])('reads the prepared parts and their noise from "%s"', async (folder) => {
    aDataRoot();
    const listing = await listData(path.join(root, folder));
    expect(listing.layout).toBe('parts');
    expect(listing.clips.map(({ word, part }) => `${word} ${part}`)).toEqual(['yes test', 'yes train', 'yes validation']);
    const split = Object.fromEntries(listing.noise.map((noise) => [path.basename(noise.path), noise.split]));
    const folds = { '1-1234-A.flac': 'train', '3-1234-A.flac': 'train', '4-1234-A.flac': 'validation', '5-1234-A.flac': 'test' };
    expect(split).toEqual({ 'tap.flac': 'train', ...folds });
  });

  it('takes one part of the prepared data as a plain folder, with the noise of its root', async () => {
    aDataRoot();
    const listing = await listData(path.join(root, 'commands', 'test'));
    expect(listing.layout).toBe('plain');
    expect(clipsOf(listing, 'whole')).toHaveLength(1);
    expect(listing.noise).toHaveLength(5);
  });

  it('divides the official archive by the speakers where it has no lists', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `${(i * 7919).toString(16).padStart(8, '0')}_nohash_0.wav`);
    for (const name of names) file('go', name);
    file('_background_noise_', 'pink_noise.wav');
    file('README.md');
    const listing = await listData(root);
    expect(listing.layout).toBe('speechCommands');
    expect(listing.clips).toHaveLength(40);
    for (const clip of listing.clips) expect(clip.part).toBe(hashSplit(path.basename(clip.path)));
    expect(listing.noise.map((noise) => noise.split)).toEqual(['train']);
  });

  it('divides the official archive by its lists where it has them', async () => {
    for (const name of ['a', 'b', 'c']) file('go', `${name}_nohash_0.wav`);
    writeFileSync(path.join(root, 'validation_list.txt'), 'go/b_nohash_0.wav\n');
    writeFileSync(path.join(root, 'testing_list.txt'), 'go/c_nohash_0.wav\r\n');
    const listing = await listData(root);
    expect(listing.clips.map((clip) => clip.part)).toEqual(['train', 'validation', 'test']);
  });

  it('names the words of a plain folder after the folders that hold the clips', async () => {
    file('alice', 'zero', '1.flac');
    file('alice', 'one', '1.wav');
    const listing = await listData(root);
    expect(listing.clips.map((clip) => clip.word)).toEqual(['one', 'zero']);
    expect((await listData(path.join(root, 'alice', 'one'))).clips[0]?.word).toBe('one');
  });

  it('divides a plain folder by the hash only to train on it', async () => {
    for (let i = 0; i < 30; i++) file('go', `${i}_nohash_0.wav`);
    const listing = await listData(root);
    expect(clipsOf(listing, 'whole')).toHaveLength(30);
    for (const clip of dividedForTraining(listing).clips) expect(clip.part).toBe(hashSplit(path.basename(clip.path)));
  });

  it('[negative] refuses folders without clips, and folders that do not exist', async () => {
    file('yes', 'notes.txt');
    await expect(listData(root)).rejects.toMatchObject({ code: 'training-no-clips' });
    await expect(listData(path.join(root, 'missing'))).rejects.toMatchObject({ code: 'training-data-missing' });
    await expect(listData(path.join(root, 'yes', 'notes.txt'))).rejects.toMatchObject({ code: 'training-data-missing' });
  });

  it('gives another key when a clip is added or changed', async () => {
    file('yes', 'a.wav');
    const one = await listData(root);
    writeFileSync(path.join(root, 'yes', 'a.wav'), 'longer than it was before');
    const changed = await listData(root);
    file('yes', 'b.wav');
    const two = await listData(root);
    expect(new Set([one, changed, two].map((listing) => listingKey(listing, listing.clips))).size).toBe(3);
  });
});

describe('classOf', () => {
  const labels = ['_silence_', '_unknown_', 'yes', 'no'];
  it.each([
    ['yes', 2],
    ['no', 3],
    ['bird', 1],
    ['_unknown_', 1],
    ['_silence_', 0],
  ])('counts %s as output %i', (word, target) => expect(classOf(word, labels)).toBe(target));

  it('has no place for other words in a model without "unknown"', () => {
    expect(classOf('bird', ['yes', 'no'])).toBe(-1);
    expect(classOf('_silence_', ['yes', 'no'])).toBe(-1);
  });
});

it('splits recordings by their fold', () => {
  expect(['1-2-A.wav', '2-9-B.wav', '4-1-A.flac', '5-7-A.flac', 'running_tap.wav', '14-2.wav'].map(noiseSplit)).toEqual([
    'train',
    'train',
    'validation',
    'test',
    'train',
    'train',
  ]);
});

const shared = process.env['WINNOW_DATA'] ?? '../shared/data';
describe.skipIf(!existsSync(path.join(shared, 'commands')))('the data folder (left out where there is none)', () => {
  it('agrees with the hash of its speakers', async () => {
    const listing = await listData(shared);
    const wrong = listing.clips.filter((clip) => hashSplit(path.basename(clip.path)) !== clip.part);
    expect(listing.clips.length).toBeGreaterThan(20_000);
    expect(wrong.map((clip) => clip.path)).toEqual([]);
  });
});
