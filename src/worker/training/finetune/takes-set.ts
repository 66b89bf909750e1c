import { createHash } from 'node:crypto';
import path from 'node:path';
import { CLIP_SAMPLES } from '../../../shared/features.js';
import { WinnowError } from '../../../shared/errors.js';
import { decodeSoundFile } from '../../audio/decode.js';
import { spokenSecond, type SpokenSecond } from '../../takes/spoken-second.js';
import { BACKGROUND_FOLDER } from '../../takes/store.js';
import { normaliseWord } from '../../takes/word-name.js';
import type { ClipForm } from '../clip-store.js';
import { listData, type ClipFile, type Listing } from '../dataset.js';
import { deriveSeed, Random } from '../random.js';

/** Without a folder of its own for testing every so many-th take is held out. */
const HELD_OUT_EVERY = 3;
/** A word of so few takes is learned, but unreliably. */
const FEW_TAKES = 5;

/** Which takes to learn and which to judge by. */
export interface TakesRequest {
  /** A folder of word folders; `_background_` in it holds sound of the room. */
  readonly clips: string;
  /** Another such folder to judge by; words in it that are not taught are the same people's other words. */
  readonly test?: string;
  /** Of the words in `clips`, those to teach; all without it. The others are other words to judge by. */
  readonly words?: readonly string[];
  /** Takes of each word to learn from, drawn by the seed; the rest is held out. */
  readonly takes?: number;
}

export interface TaughtWord {
  readonly word: string;
  /** One second each, the word in the middle. */
  readonly takes: readonly Float32Array[];
}

export interface TakesSet {
  readonly taught: readonly TaughtWord[];
  /** Of the room, whole. */
  readonly backgrounds: readonly Float32Array[];
  /** Held-out takes of taught and of other words, to be cut as `TAKE_FORM` does. */
  readonly judged: { readonly listing: Listing; readonly clips: readonly ClipFile[] };
  readonly notes: readonly string[];
  /** Of everything that is learned from. */
  readonly hash: string;
}

interface WordFolder {
  readonly word: string;
  readonly clips: readonly ClipFile[];
}

/**
 * Lists and reads takes. Takes in which nothing is said, and the second of two equal ones, are left out with a note.
 * @throws WinnowError `finetune-no-words`, `finetune-word-missing`, `finetune-no-takes`, `takes-word`, `audio-...`
 */
export async function openTakes(request: TakesRequest, seed: number): Promise<TakesSet> {
  const listing = await plainListing(request.clips);
  const folders = wordFolders(listing);
  const taughtNames = request.words?.map(normaliseWord) ?? folders.map(({ word }) => word);
  for (const word of taughtNames) {
    if (!folders.some((folder) => folder.word === word)) {
      const known = folders.map((folder) => folder.word).join(', ');
      throw new WinnowError('finetune-word-missing', { path: listing.root, word, known });
    }
  }
  const notes: string[] = [];
  const hash = createHash('sha256');
  const taught: TaughtWord[] = [];
  const heldOut: ClipFile[] = [];
  for (const { word, clips } of folders) {
    if (!taughtNames.includes(word)) {
      if (!request.test) heldOut.push(...clips.map((clip) => ({ ...clip, word })));
      continue;
    }
    const { learned, held } = divide(clips, request, deriveSeed(seed, 'takes', word));
    heldOut.push(...held.map((clip) => ({ ...clip, word })));
    const takes = await readTakes(listing, word, learned, notes);
    for (const take of takes) hash.update(word).update(new Uint8Array(take.buffer));
    taught.push({ word, takes });
  }
  const backgrounds: Float32Array[] = [];
  for (const clip of listing.clips.filter(({ word }) => word === BACKGROUND_FOLDER)) {
    const samples = await decodeSoundFile(path.join(listing.root, clip.path));
    if (samples.length >= CLIP_SAMPLES) backgrounds.push(samples);
    hash.update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }
  const judged = request.test ? await testTakes(request.test) : { listing, clips: heldOut };
  return { taught, backgrounds, judged, notes, hash: hash.digest('hex') };
}

async function plainListing(folder: string): Promise<Listing> {
  const listing = await listData(folder).catch((error: unknown) => {
    throw WinnowError.from(error).code === 'training-no-clips'
      ? new WinnowError('finetune-no-words', { path: path.resolve(folder) }, { cause: error })
      : error;
  });
  return listing;
}

/** By word, in natural order of their names. Folders that begin with "_" are no words. */
function wordFolders(listing: Listing): WordFolder[] {
  const byWord = new Map<string, ClipFile[]>();
  for (const clip of listing.clips) {
    if (clip.word.startsWith('_') || !clip.path.includes('/')) continue;
    const word = normaliseWord(clip.word);
    byWord.set(word, [...(byWord.get(word) ?? []), clip]);
  }
  if (byWord.size === 0) throw new WinnowError('finetune-no-words', { path: listing.root });
  const natural = new Intl.Collator('en', { numeric: true });
  return [...byWord].map(([word, clips]) => ({ word, clips: clips.sort((a, b) => natural.compare(a.path, b.path)) }));
}

function divide(clips: readonly ClipFile[], request: TakesRequest, seed: number): { learned: ClipFile[]; held: ClipFile[] } {
  const chosen = new Set(new Random(seed).shuffle(clips.map((_, i) => i)).slice(0, request.takes ?? clips.length));
  if (request.test || chosen.size < clips.length) {
    return { learned: clips.filter((_, i) => chosen.has(i)), held: clips.filter((_, i) => !chosen.has(i)) };
  }
  const held = (i: number): boolean => i % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
  return { learned: clips.filter((_, i) => !held(i)), held: clips.filter((_, i) => held(i)) };
}

async function readTakes(listing: Listing, word: string, clips: readonly ClipFile[], notes: string[]): Promise<Float32Array[]> {
  const takes: Float32Array[] = [];
  const seen = new Set<string>();
  let wordless = 0;
  let repeated = 0;
  for (const clip of clips) {
    const recording = await decodeSoundFile(path.join(listing.root, clip.path));
    const content = createHash('sha256').update(new Uint8Array(recording.buffer, recording.byteOffset, recording.byteLength));
    const key = content.digest('hex');
    const { samples, problems } = cutTake(recording);
    if (problems.includes('silent') || problems.includes('no-speech')) wordless++;
    else if (seen.has(key)) repeated++;
    else takes.push(samples);
    seen.add(key);
  }
  if (wordless > 0) notes.push(`In ${wordless} of the ${clips.length} takes of "${word}" nothing is said; they were left out.`);
  if (repeated > 0) notes.push(`${repeated} of the ${clips.length} takes of "${word}" repeat another one; they were left out.`);
  if (takes.length === 0) {
    const reason = clips.length === 0 ? 'there are no takes of it' : 'nothing is said in any of its takes';
    throw new WinnowError('finetune-no-takes', { word, reason, least: 1 });
  }
  if (takes.length < FEW_TAKES) {
    notes.push(
      `"${word}" was learned from ${takes.length} take${takes.length > 1 ? 's' : ''} only: record ten to make it reliable.`,
    );
  }
  return takes;
}

/** Takes are judged as they are learned: cut to the second around the word, as the recorder cuts them. */
export const TAKE_FORM: ClipForm = { name: 'spoken-second', fit: (recording) => cutTake(recording).samples };

function cutTake(recording: Float32Array): SpokenSecond {
  return spokenSecond(roomAround(recording));
}

/** A recording that is cut tightly around its word has no room to tell the word from: silence is put around it. */
function roomAround(recording: Float32Array): Float32Array {
  if (recording.length >= CLIP_SAMPLES) return recording;
  const padded = new Float32Array(2 * CLIP_SAMPLES);
  padded.set(recording, Math.floor((padded.length - recording.length) / 2));
  return padded;
}

async function testTakes(folder: string): Promise<TakesSet['judged']> {
  const listing = await plainListing(folder);
  const clips = wordFolders(listing).flatMap(({ word, clips: of }) => of.map((clip) => ({ ...clip, word })));
  return { listing, clips };
}
