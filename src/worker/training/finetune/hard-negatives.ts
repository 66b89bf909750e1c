import type { Random } from '../random.js';

const FRAME = 160;
/** A frame belongs to the word when its power lies at most this far below the loudest frame's. */
const WORD_BELOW_PEAK = 1e-3;
/** Cut edges are faded over this much, so that no click tells them. */
const FADE_SAMPLES = 160;
/** How much of a word a piece of it has. */
const PIECE_SHARE_LOW = 0.3;
const PIECE_SHARE_HIGH = 0.5;

/** Where in a word another one may begin or end. */
const CUT_LOW = 0.35;
const CUT_HIGH = 0.65;

/** Where the word lies in a take: first sample, and the one after the last. */
export function wordBounds(take: Float32Array): { first: number; last: number } {
  const power: number[] = [];
  for (let at = 0; at < take.length; at += FRAME) {
    let energy = 0;
    for (let i = at; i < Math.min(at + FRAME, take.length); i++) energy += take[i]! ** 2;
    power.push(energy);
  }
  const least = WORD_BELOW_PEAK * power.reduce((a, b) => Math.max(a, b), 0);
  const first = power.findIndex((value) => value >= least);
  const last = power.findLastIndex((value) => value >= least);
  return { first: first * FRAME, last: Math.min(take.length, (last + 1) * FRAME) };
}

const KINDS = ['reversed', 'beginning', 'end', 'swapped', 'before', 'after', 'doubled'] as const;

/**
 * Sound of the same voice that is not the word: a take turned round, its beginning or end alone, both in the wrong order, or
 * its beginning before the end of something else. It keeps a network from learning the voice or the room instead of the word.
 * @param other for the splice: a take of another word, or any other clip; the length of `take`
 */
export function hardNegative(take: Float32Array, other: Float32Array, random: Random): Float32Array {
  const { first, last } = wordBounds(take);
  const kind = KINDS[random.integer(0, KINDS.length - 1)]!;
  if (kind === 'reversed') return take.slice().reverse();
  const cut = first + Math.round(random.uniform(PIECE_SHARE_LOW, PIECE_SHARE_HIGH) * (last - first));
  const out = new Float32Array(take.length);
  if (kind === 'beginning') place(out, take.subarray(first, cut), first);
  if (kind === 'end') place(out, take.subarray(cut, last), cut);
  if (kind === 'swapped') {
    place(out, take.subarray(cut, last), first);
    place(out, take.subarray(first, cut), first + last - cut);
  }
  if (kind === 'doubled') {
    place(out, take.subarray(first, cut), first);
    place(out, take.subarray(first, cut), cut);
  }
  const rest = wordBounds(other);
  const middle = Math.round((rest.first + rest.last) / 2);
  if (kind === 'before') {
    place(out, take.subarray(first, cut), first);
    place(out, other.subarray(middle, rest.last), cut);
  }
  if (kind === 'after') {
    place(out, other.subarray(rest.first, middle), Math.max(0, cut - (middle - rest.first)));
    place(out, take.subarray(cut, last), cut);
  }
  return out;
}

/** A word that does not exist: the beginning of one and the end of another. */
export function spliced(one: Float32Array, other: Float32Array, random: Random): Float32Array {
  const begins = wordBounds(one);
  const ends = wordBounds(other);
  const until = begins.first + Math.round(random.uniform(CUT_LOW, CUT_HIGH) * (begins.last - begins.first));
  const from = ends.first + Math.round(random.uniform(CUT_LOW, CUT_HIGH) * (ends.last - ends.first));
  const out = new Float32Array(one.length);
  place(out, one.subarray(begins.first, until), begins.first);
  place(out, other.subarray(from, ends.last), until);
  return out;
}

/** So much of a word, from anywhere in it. @param length samples; a word that is no longer stays whole */
export function pieceOf(sound: Float32Array, length: number, random: Random): Float32Array {
  const { first, last } = wordBounds(sound);
  if (last - first <= length) return sound;
  const out = new Float32Array(sound.length);
  const from = random.integer(first, last - length);
  place(out, sound.subarray(from, from + length), from);
  return out;
}

function place(out: Float32Array, piece: Float32Array, at: number): void {
  const length = Math.min(piece.length, out.length - at);
  for (let i = 0; i < length; i++) {
    const fade = Math.min(1, (i + 1) / FADE_SAMPLES, (length - i) / FADE_SAMPLES);
    out[at + i]! += fade * piece[i]!;
  }
}
