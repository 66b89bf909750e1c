import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WinnowError } from '../shared/errors.js';

/** Levels between a bundle and the program's root that are searched. */
const ROOT_DEPTH_MAX = 6;

/** Folder of the user's settings, models and samples: `WINNOW_HOME`, or the platform's place for a program's data. */
export function winnowHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.WINNOW_HOME) return resolve(env.WINNOW_HOME);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Winnow');
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Winnow');
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'winnow');
}

function isProgramRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  return (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'winnow';
}

let root: string | undefined;

/** The program's own folder (the one of its package.json), whether it runs from sources, from bundles or packed. */
export function programRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let depth = 0; depth < ROOT_DEPTH_MAX; depth++) {
    if (isProgramRoot(folder)) return (root = folder);
    folder = dirname(folder);
  }
  throw new Error(`no package.json of winnow above ${fileURLToPath(import.meta.url)}`);
}

/**
 * A bundle that runs in a thread or process of its own: beside the one that asks for it, or above its chunks.
 * @throws WinnowError `internal` where the program is incomplete
 */
export function bundleFile(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [here, dirname(here)].map((folder) => join(folder, name));
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new WinnowError('internal', { reason: `there is no ${candidates[0]}` });
  return found;
}

/** What ships with the program: `models/`, `clips/`, `icons/`. */
export function resourcesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.WINNOW_RESOURCES ? resolve(env.WINNOW_RESOURCES) : join(programRoot(), 'resources');
}

export function programVersion(): string {
  return (JSON.parse(readFileSync(join(programRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
