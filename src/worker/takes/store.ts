import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import type { TakeListing, TakeSummary, TakeWord } from '../../shared/teaching.js';
import { writeFileAtomically } from '../atomic-file.js';
import { decodeSound, decodeSoundFile } from '../audio/decode.js';
import { encodeWav, toInt16 } from '../audio/wav.js';
import { winnowHome } from '../places.js';
import { spokenSecond } from './spoken-second.js';
import { readTakeIndex, writeTakeIndex, type TakeEntry, type TakeSource } from './take-index.js';
import { normaliseWord } from './word-name.js';

/** Where the sound of the room lies, beside the words. */
export const BACKGROUND_FOLDER = '_background_';
/** Of the room, asked for before training: less gives the network too little to tell a word from. */
export const BACKGROUND_SECONDS_WANTED = 20;
/** Of one take of the room; the rest of a longer recording is left out. */
const BACKGROUND_TAKE_SECONDS_MAX = 120;
/** Takes of one word; more is somebody's archive. */
const TAKES_PER_WORD_MAX = 2000;
const TAKE_FILE = /^(?<id>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.wav$/;
const SOUND_FILE = /\.(wav|flac)$/i;
const ID_CHARACTERS = 16;

/** One file that was not taken in. */
export interface ImportProblem {
  readonly file: string;
  readonly error: WinnowError;
}

/**
 * The user's own recordings: plain WAV files in `takes/<word>/<id>.wav` of Winnow's home, one spoken second each, and longer
 * ones of the room in `takes/_background_`. Files may be added and removed by hand; a take is there once its file is whole, so
 * nothing is lost with the program, however it ends.
 */
export class TakeStore {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(readonly folder: string = join(winnowHome(), 'takes')) {}

  /** All takes, by word, with what is wrong with each. */
  list(): Promise<TakeListing> {
    return this.inTurn(() => this.scan());
  }

  /**
   * Keeps the spoken second of a recording; of `_background_` all of it.
   * @throws WinnowError `takes-word`, `takes-silent`, `takes-duplicate`, `takes-too-many`, `takes-disk-full`, `takes-write`
   */
  add(word: string, recording: Float32Array, source: TakeSource): Promise<TakeSummary> {
    const background = word === BACKGROUND_FOLDER;
    const name = background ? word : normaliseWord(word);
    const samples = background
      ? recording.subarray(0, BACKGROUND_TAKE_SECONDS_MAX * SAMPLE_RATE_HZ)
      : spokenSecond(recording).samples;
    if (samples.every((sample) => sample === 0)) return Promise.reject(new WinnowError('takes-silent', { word: name }));
    return this.inTurn(async () => {
      const sha256 = contentHash(samples);
      const id = sha256.slice(0, ID_CHARACTERS);
      const { index, files } = await this.entries();
      const same = [...index].find(([key, entry]) => key.startsWith(`${name}/`) && entry.sha256 === sha256);
      if (same) throw new WinnowError('takes-duplicate', { word: name, id: idOf(same[0]) });
      if (files.filter((file) => file.word === name).length >= TAKES_PER_WORD_MAX) {
        throw new WinnowError('takes-too-many', { word: name, limit: TAKES_PER_WORD_MAX });
      }
      const path = join(this.folder, name, `${id}.wav`);
      await this.writing(path, () => writeFileAtomically(path, encodeWav(samples)));
      const { size, mtimeMs } = await stat(path);
      const entry = { bytes: size, modifiedMs: mtimeMs, sha256, ...looked(name, samples), source };
      index.set(`${name}/${id}.wav`, entry);
      await this.keep(index);
      return summary(`${name}/${id}.wav`, entry, false);
    });
  }

  /**
   * Takes in WAV and FLAC files, and folders of them. A folder's files belong to `word`, or without one to the words that its
   * sub-folders are named by.
   * @throws WinnowError `takes-import` where a path is not there or nothing in it is a sound file
   */
  async import(paths: readonly string[], word?: string): Promise<{ added: TakeSummary[]; problems: ImportProblem[] }> {
    const found: { file: string; word: string }[] = [];
    for (const path of paths) found.push(...(await soundFiles(path, word)));
    if (found.length === 0)
      throw new WinnowError('takes-import', { path: paths.join(', '), reason: 'it holds no WAV or FLAC file' });
    const added: TakeSummary[] = [];
    const problems: ImportProblem[] = [];
    for (const { file, word: name } of found) {
      try {
        added.push(await this.add(name, await decodeSoundFile(file), 'file'));
      } catch (error) {
        const problem = WinnowError.from(error);
        if (problem.code === 'takes-disk-full') throw problem;
        problems.push({ file, error: problem });
      }
    }
    return { added, problems };
  }

  /** The file of one take. @throws WinnowError `takes-unknown` */
  async wav(word: string, id: string): Promise<Uint8Array> {
    try {
      return await readFile(this.path(word, id));
    } catch (error) {
      throw new WinnowError('takes-unknown', { word, id }, { cause: error });
    }
  }

  /** @throws WinnowError `takes-unknown` */
  delete(word: string, id: string): Promise<void> {
    const path = this.path(word, id);
    return this.inTurn(async () => {
      await rm(path).catch((error: unknown) => {
        throw new WinnowError('takes-unknown', { word, id }, { cause: error });
      });
      // The folder of a word goes with its last take.
      await rmdir(join(this.folder, word)).catch(() => undefined);
      await this.scan();
    });
  }

  /** Every recording and the index; nothing of them is left. */
  deleteAll(): Promise<void> {
    return this.inTurn(() => rm(this.folder, { recursive: true, force: true }));
  }

  private path(word: string, id: string): string {
    const name = word === BACKGROUND_FOLDER ? word : normaliseWord(word);
    if (name !== word || !TAKE_FILE.test(`${id}.wav`)) throw new WinnowError('takes-unknown', { word, id });
    return join(this.folder, word, `${id}.wav`);
  }

  private async scan(): Promise<TakeListing> {
    const { index } = await this.entries();
    const seen = new Map<string, string>();
    const words = new Map<string, TakeSummary[]>();
    for (const [key, entry] of [...index].sort(([, a], [, b]) => a.modifiedMs - b.modifiedMs)) {
      const word = key.slice(0, key.indexOf('/'));
      const content = `${word} ${entry.sha256}`;
      const list = words.get(word) ?? [];
      list.push(summary(key, entry, seen.has(content)));
      seen.set(content, key);
      words.set(word, list);
    }
    const background = words.get(BACKGROUND_FOLDER) ?? [];
    words.delete(BACKGROUND_FOLDER);
    return {
      folder: this.folder,
      words: [...words].sort(([a], [b]) => (a < b ? -1 : 1)).map(([word, takes]): TakeWord => ({ word, takes })),
      background: {
        takes: background,
        seconds: background.reduce((sum, take) => sum + take.seconds, 0),
        secondsWanted: BACKGROUND_SECONDS_WANTED,
      },
    };
  }

  /** What the files say, looked into where the index does not know them as they are. */
  private async entries(): Promise<{ index: Map<string, TakeEntry>; files: { word: string; key: string }[] }> {
    const known = await readTakeIndex(this.folder);
    const index = new Map<string, TakeEntry>();
    const files: { word: string; key: string }[] = [];
    for (const word of await folderNames(this.folder)) {
      for (const name of (await readdir(join(this.folder, word)).catch(() => [])).sort()) {
        if (!TAKE_FILE.test(name)) continue;
        const key = `${word}/${name}`;
        const state = await stat(join(this.folder, key)).catch(() => undefined);
        if (!state?.isFile()) continue;
        files.push({ word, key });
        const old = known.get(key);
        const same = old && old.bytes === state.size && old.modifiedMs === state.mtimeMs;
        index.set(key, same ? old : await this.lookInto(word, key, state.size, state.mtimeMs, old?.source ?? 'file'));
      }
    }
    if (index.size !== known.size || [...index].some(([key, entry]) => known.get(key) !== entry)) await this.keep(index);
    return { index, files };
  }

  private async lookInto(word: string, key: string, bytes: number, modifiedMs: number, source: TakeSource): Promise<TakeEntry> {
    const file = await readFile(join(this.folder, key));
    try {
      const samples = decodeSound(file, key);
      return { bytes, modifiedMs, sha256: contentHash(samples), ...looked(word, samples), source };
    } catch {
      const sha256 = createHash('sha256').update(file).digest('hex');
      return { bytes, modifiedMs, sha256, seconds: 0, levelDb: null, problems: ['unreadable'], source };
    }
  }

  private async keep(index: ReadonlyMap<string, TakeEntry>): Promise<void> {
    // The index can always be made again: a full disk must not keep anybody from deleting takes.
    if (index.size > 0) await writeTakeIndex(this.folder, index).catch(() => undefined);
    else await rm(join(this.folder, 'index.json'), { force: true });
  }

  private async writing(path: string, write: () => Promise<void>): Promise<void> {
    try {
      await mkdir(join(this.folder), { recursive: true });
      await write();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new WinnowError('takes-disk-full', { path }, { cause: error });
      throw new WinnowError('takes-write', { path, reason: (error as Error).message }, { cause: error });
    }
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Of the samples as a 16-bit file holds them, so that a take has the same one in memory and on the disk. */
function contentHash(samples: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(toInt16(samples).buffer))
    .digest('hex');
}

function looked(word: string, samples: Float32Array): Pick<TakeEntry, 'seconds' | 'levelDb' | 'problems'> {
  const { levelDb, problems } = spokenSecond(samples);
  const seconds = samples.length / SAMPLE_RATE_HZ;
  // A room is quiet and speaks no word: of its recordings only digital silence is a problem.
  const own = word === BACKGROUND_FOLDER ? problems.filter((problem) => problem === 'silent') : problems;
  return { seconds, levelDb, problems: [...own] };
}

function idOf(key: string): string {
  return basename(key, '.wav');
}

function summary(key: string, entry: TakeEntry, duplicate: boolean): TakeSummary {
  const { seconds, levelDb, problems, source, modifiedMs } = entry;
  const word = key.slice(0, key.indexOf('/'));
  const all = duplicate ? [...problems, 'duplicate' as const] : problems;
  return { word, id: idOf(key), seconds, levelDb, problems: all, source, addedMs: modifiedMs };
}

/** Folders that are a word's, or the room's. */
async function folderNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && (entry.name === BACKGROUND_FOLDER || isWord(entry.name)))
    .map((entry) => entry.name)
    .sort();
}

function isWord(name: string): boolean {
  try {
    return normaliseWord(name) === name;
  } catch {
    return false;
  }
}

async function soundFiles(path: string, word: string | undefined): Promise<{ file: string; word: string }[]> {
  const state = await stat(path).catch((error: unknown) => {
    throw new WinnowError('takes-import', { path, reason: 'it is not there' }, { cause: error });
  });
  if (state.isFile()) {
    if (word === undefined) throw new WinnowError('takes-import', { path, reason: 'no word is given for it' });
    return SOUND_FILE.test(path) ? [{ file: path, word }] : [];
  }
  const found: { file: string; word: string }[] = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.isFile() && SOUND_FILE.test(entry.name)) found.push({ file: below, word: word ?? basename(path) });
    if (entry.isDirectory() && word === undefined) found.push(...(await soundFiles(below, entry.name)));
  }
  return found;
}
