import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { WinnowError } from '../../shared/errors.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../network/model.js';
import { hashSplit, type Split } from './hash-split.js';

/** A folder of word folders without parts is `whole`: evaluated as it is. */
export type Part = Split | 'whole';

export interface ClipFile {
  /** Relative to the root of the listing, with forward slashes. */
  readonly path: string;
  /** The name of the folder that holds the clip. */
  readonly word: string;
  readonly part: Part;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface NoiseFile {
  /** Absolute. */
  readonly path: string;
  readonly split: Split;
}

export interface Listing {
  /** Absolute; what the clips' paths are relative to. */
  readonly root: string;
  /**
   * `parts`: folders train, val, test of word folders. `speechCommands`: the official archive, unpacked (parts by the
   * list files where they exist, else by the speakers' hash). `plain`: word folders, whole.
   */
  readonly layout: 'parts' | 'speechCommands' | 'plain';
  /** Sorted by path. */
  readonly clips: readonly ClipFile[];
  /** Sorted by path. */
  readonly noise: readonly NoiseFile[];
}

const AUDIO_FILE = /\.(wav|flac)$/i;
/** Folders below the data folder; more is somebody's home directory. */
const DEPTH_MAX = 6;
const CLIPS_MAX = 1_000_000;
const LIST_FILE_BYTES_MAX = 64 * 2 ** 20;
const OFFICIAL_NOISE_FOLDER = '_background_noise_';
const PART_FOLDERS: Readonly<Record<string, Split>> = {
  train: 'train',
  val: 'validation',
  validation: 'validation',
  test: 'test',
};

function hasPartFolders(folder: string): boolean {
  const has = (name: string): boolean => existsSync(path.join(folder, name));
  return has('train') && has('test') && (has('val') || has('validation'));
}

async function audioFiles(root: string, folder = '', depth = 0): Promise<Omit<ClipFile, 'word' | 'part'>[]> {
  if (depth > DEPTH_MAX) return [];
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  const found: Omit<ClipFile, 'word' | 'part'>[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      for (const file of await audioFiles(root, relative, depth + 1)) found.push(file);
    } else if (AUDIO_FILE.test(entry.name) && entry.isFile()) {
      const { size, mtimeMs } = await stat(path.join(root, relative));
      found.push({ path: relative, bytes: size, modifiedMs: Math.floor(mtimeMs) });
    }
    if (found.length > CLIPS_MAX) throw new WinnowError('training-data-too-large', { path: root, limit: CLIPS_MAX });
  }
  return found;
}

/** The paths in a list file of the official archive (`validation_list.txt`, `testing_list.txt`); null where there is none. */
async function listFile(root: string, name: string): Promise<Set<string> | null> {
  const file = path.join(root, name);
  if (!existsSync(file)) return null;
  if ((await stat(file)).size > LIST_FILE_BYTES_MAX) {
    throw new WinnowError('training-data-too-large', { path: file, limit: LIST_FILE_BYTES_MAX });
  }
  return new Set((await readFile(file, 'utf8')).split(/\r?\n/).filter((line) => line !== ''));
}

/** Recordings are split too: ESC-10 files by their fold (1-3 train, 4 validate, 5 test), all others train only. */
export function noiseSplit(fileName: string): Split {
  const fold = /^([1-5])-\d+/.exec(fileName)?.[1];
  if (fold === '4') return 'validation';
  return fold === '5' ? 'test' : 'train';
}

async function noiseFiles(folder: string): Promise<NoiseFile[]> {
  if (!existsSync(folder)) return [];
  return (await audioFiles(folder)).map((file) => ({
    path: path.join(folder, file.path),
    split: noiseSplit(path.basename(file.path)),
  }));
}

/** The `noise` folder beside the clips, or beside the folder of the clips' parts. */
async function noiseAround(folder: string): Promise<NoiseFile[]> {
  for (const candidate of [folder, path.dirname(folder), path.dirname(path.dirname(folder))]) {
    const noise = path.join(candidate, 'noise');
    const isDataRoot = candidate === folder || hasPartFolders(path.join(candidate, 'commands')) || hasPartFolders(candidate);
    if (isDataRoot && existsSync(noise)) return noiseFiles(noise);
  }
  return [];
}

async function withParts(folder: string): Promise<Listing> {
  const clips = (await audioFiles(folder)).flatMap((file): ClipFile[] => {
    const part = PART_FOLDERS[file.path.split('/')[0]!];
    return part === undefined ? [] : [{ ...file, part, word: path.basename(path.dirname(file.path)) }];
  });
  return { root: folder, layout: 'parts', clips, noise: await noiseAround(folder) };
}

async function official(folder: string): Promise<Listing> {
  const validation = await listFile(folder, 'validation_list.txt');
  const testing = await listFile(folder, 'testing_list.txt');
  const part = (file: string): Split => {
    if (validation === null || testing === null) return hashSplit(path.basename(file));
    if (validation.has(file)) return 'validation';
    return testing.has(file) ? 'test' : 'train';
  };
  const files = await audioFiles(folder);
  return {
    root: folder,
    layout: 'speechCommands',
    clips: files
      .filter((file) => !file.path.startsWith(`${OFFICIAL_NOISE_FOLDER}/`) && file.path.includes('/'))
      .map((file) => ({ ...file, part: part(file.path), word: path.basename(path.dirname(file.path)) })),
    noise: files
      .filter((file) => file.path.startsWith(`${OFFICIAL_NOISE_FOLDER}/`))
      .map((file) => ({ path: path.join(folder, file.path), split: noiseSplit(path.basename(file.path)) })),
  };
}

async function plain(folder: string): Promise<Listing> {
  const clips = (await audioFiles(folder)).map((file): ClipFile => ({
    ...file,
    part: 'whole',
    word: path.basename(path.dirname(path.join(folder, file.path))),
  }));
  return { root: folder, layout: 'plain', clips, noise: await noiseAround(folder) };
}

/**
 * Lists the clips and noise recordings of a data folder: a data root (with `commands/{train,val,test}` and `noise`), a folder
 * inside it, the official Speech Commands folder, or any folder of word folders.
 * @throws WinnowError `training-data-missing`, `training-no-clips`, `training-data-too-large`
 */
export async function listData(folder: string): Promise<Listing> {
  const root = path.resolve(folder);
  const found = await stat(root).catch(() => null);
  if (!found?.isDirectory()) throw new WinnowError('training-data-missing', { path: root });
  let listing: Listing;
  if (hasPartFolders(path.join(root, 'commands'))) listing = await withParts(path.join(root, 'commands'));
  else if (hasPartFolders(root)) listing = await withParts(root);
  else if (['validation_list.txt', 'testing_list.txt', OFFICIAL_NOISE_FOLDER].some((name) => existsSync(path.join(root, name)))) {
    listing = await official(root);
  } else listing = await plain(root);
  if (listing.clips.length === 0) throw new WinnowError('training-no-clips', { path: root });
  return listing;
}

/** The clips of one part, in the listing's order; those of a plain folder are all `whole`. */
export function clipsOf(listing: Listing, part: Part): readonly ClipFile[] {
  return listing.clips.filter((clip) => clip.part === part);
}

/** A plain folder has no parts of its own: to train on it, its clips are divided by the speakers' hash. */
export function dividedForTraining(listing: Listing): Listing {
  if (listing.layout !== 'plain') return listing;
  return { ...listing, clips: listing.clips.map((clip) => ({ ...clip, part: hashSplit(path.basename(clip.path)) })) };
}

/** Where a clip of a word belongs among a model's outputs; -1 where the model has no output for it. */
export function classOf(word: string, labels: readonly string[]): number {
  if (word === SILENCE_LABEL || word === '_silence') return labels.indexOf(SILENCE_LABEL);
  const known = labels.indexOf(word);
  return known >= 0 ? known : labels.indexOf(UNKNOWN_LABEL);
}

/** Outputs that are words. */
export function isWord(label: string): boolean {
  return label !== SILENCE_LABEL && label !== UNKNOWN_LABEL;
}

/** A fingerprint of what the clips are called and hold as far as their sizes and dates tell: the key of the decoded cache. */
export function listingKey(listing: Listing, clips: readonly ClipFile[]): string {
  const hash = createHash('sha256').update(listing.root);
  for (const clip of clips) hash.update(`\n${clip.path}\t${clip.bytes}\t${clip.modifiedMs}`);
  return hash.digest('hex');
}
