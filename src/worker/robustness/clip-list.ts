import path from 'node:path';
import { CLIP_SAMPLES } from '../../shared/features.js';
import type { ClipSource, UncountedWord } from '../../shared/study.js';
import { WinnowError } from '../../shared/errors.js';
import { clipIndex, readClip } from '../audio/clips.js';
import { ClipStore, type OnClips } from '../training/clip-store.js';
import { classOf, clipsOf, isWord, listData, type Part } from '../training/dataset.js';
import type { EvaluationItem } from '../training/evaluation.js';

/** A clip of a list, whatever model will judge it. */
export interface ListedClip {
  /** Names its noise, as in `EvaluationItem`. */
  readonly key: string;
  readonly word: string;
  readonly sound: (out: Float32Array) => void;
}

/** Labelled clips to judge; `close` gives their file back. */
export interface ListedClips {
  /** What a person would call them. */
  readonly title: string;
  readonly hash: string | null;
  readonly clips: readonly ListedClip[];
  close(): void;
}

/** @throws WinnowError `audio-...`, `training-...` */
export function openClips(source: ClipSource, onClips?: OnClips): Promise<ListedClips> {
  return source.kind === 'shipped' ? shippedClips() : folderClips(source.path, onClips);
}

async function shippedClips(): Promise<ListedClips> {
  const { clips } = await clipIndex();
  const sounds = await Promise.all(clips.map(({ name }) => readClip(name)));
  return {
    title: 'the clips that ship',
    hash: null,
    clips: clips.map(({ name, label }, i) => ({
      key: `${label}/${name}`,
      word: label,
      sound: (out) => out.set(sounds[i]!.subarray(0, CLIP_SAMPLES)),
    })),
    close: () => undefined,
  };
}

async function folderClips(folder: string, onClips?: OnClips): Promise<ListedClips> {
  const listing = await listData(folder);
  const part: Part = listing.layout === 'plain' ? 'whole' : 'test';
  const files = clipsOf(listing, part);
  if (files.length === 0) throw new WinnowError('training-no-part', { path: listing.root, part });
  const store = await ClipStore.open(listing, files, onClips);
  return {
    title: part === 'whole' ? listing.root : `${listing.root}, ${part}`,
    hash: store.hash,
    clips: files.map((clip, i) => ({
      key: `${clip.word}/${path.posix.basename(clip.path).replace(/\.[^.]*$/, '')}`,
      word: clip.word,
      sound: (out) => store.read(i, out),
    })),
    close: () => store.close(),
  };
}

/** The clips that count for a model: those of its words. */
export function countedItems(clips: readonly ListedClip[], labels: readonly string[]): EvaluationItem[] {
  return clips.flatMap(({ key, word, sound }) => {
    const target = classOf(word, labels);
    return target >= 0 && isWord(labels[target]!) ? [{ key, target, sound }] : [];
  });
}

/** Words of a list that no model has an output of their own for. */
export function uncountedWords(clips: readonly ListedClip[], models: readonly (readonly string[])[]): UncountedWord[] {
  const counts = new Map<string, number>();
  for (const { word } of clips) {
    if (!models.some((labels) => labels.includes(word))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, some]) => ({ word, clips: some }));
}
