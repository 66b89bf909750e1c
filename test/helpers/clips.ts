import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.js';

export const MODELS = join(ROOT, 'resources/models');
const CLIPS = join(ROOT, 'resources/clips');

/** A clip that ships, of a word that the shipped models know. */
export function clipOf(word: string): string {
  const name = readdirSync(CLIPS).find((file) => file.startsWith(`${word}`) && file.endsWith('.wav'));
  if (name === undefined) throw new Error(`no clip of "${word}" ships`);
  return join(CLIPS, name);
}

export const modelsShip = (): boolean => existsSync(MODELS) && readdirSync(MODELS).some((file) => file.endsWith('.safetensors'));
