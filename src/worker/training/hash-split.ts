import { createHash } from 'node:crypto';

export type Split = 'train' | 'validation' | 'test';

/** 2^27 - 1, the constant of the data set's own `which_set`. */
const CLIPS_PER_CLASS_MAX = 134_217_727n;
export const VALIDATION_PERCENT = 10;
export const TESTING_PERCENT = 10;

/** What stands before `_nohash_` in a clip's file name: every take of one speaker shares it. Without it, the whole name. */
export function speakerOf(fileName: string): string {
  return fileName.replace(/_nohash_.*$/, '');
}

/**
 * The part of the data that a clip belongs to, by the Speech Commands data set's own rule: the SHA-1 of the speaker, modulo
 * 2^27, as a percentage; below 10 validation, below 20 testing. So no speaker is in two parts, and a clip never moves when
 * clips are added.
 */
export function hashSplit(fileName: string): Split {
  const digest = createHash('sha1').update(speakerOf(fileName)).digest('hex');
  const percentage = Number(BigInt(`0x${digest}`) % (CLIPS_PER_CLASS_MAX + 1n)) * (100 / Number(CLIPS_PER_CLASS_MAX));
  if (percentage < VALIDATION_PERCENT) return 'validation';
  if (percentage < VALIDATION_PERCENT + TESTING_PERCENT) return 'test';
  return 'train';
}
