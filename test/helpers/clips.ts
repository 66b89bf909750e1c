import { join } from 'node:path';
import { ROOT } from './project.js';

/** Name of the clip that ships of one word, in the voice that the tests listen to. */
export const clipName = (word: string): string => `${word}-ben`;

export const clipOf = (word: string): string => join(ROOT, 'resources/clips', `${clipName(word)}.wav`);
