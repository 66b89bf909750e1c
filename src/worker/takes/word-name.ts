import { WinnowError } from '../../shared/errors.js';

const WORD_LENGTH_MAX = 32;
/** Letters, marks and digits of any script, with single spaces, apostrophes and hyphens between them. */
const WORD = /^[\p{L}\p{M}\p{N}]+(?:[ '’-][\p{L}\p{M}\p{N}]+)*$/u;

/**
 * A word as it is stored and shown: composed, trimmed, in lower case.
 * @throws WinnowError `takes-word` for what cannot be a word: empty, too long, or with signs that are no part of one
 */
export function normaliseWord(text: string): string {
  const word = text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
  if (word === '') throw new WinnowError('takes-word', { word: text, reason: 'it is empty' });
  if ([...word].length > WORD_LENGTH_MAX) {
    throw new WinnowError('takes-word', {
      word: text.slice(0, WORD_LENGTH_MAX),
      reason: `it is longer than ${WORD_LENGTH_MAX} characters`,
    });
  }
  if (!WORD.test(word)) throw new WinnowError('takes-word', { word: text, reason: 'it has signs that are no letters or digits' });
  return word;
}
