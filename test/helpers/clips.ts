import { join } from 'node:path';
import { ROOT } from './project.js';

/** Name of the clip that ships of one word, in the voice that the tests listen to unless they say another. */
export const clipName = (word: string, voice = 'ben'): string => `${word}-${voice}`;

export const clipOf = (word: string, voice?: string): string => join(ROOT, 'resources/clips', `${clipName(word, voice)}.wav`);
