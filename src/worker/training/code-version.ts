import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { programRoot, programVersion } from '../places.js';

const GIT_TIMEOUT_MS = 2000;

/** The version of the code that runs, with the commit where it runs from a clone: `0.1.0+1a2b3c4`. */
export function codeVersion(): string {
  const version = programVersion();
  if (!existsSync(path.join(programRoot(), '.git'))) return version;
  try {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: programRoot(),
      timeout: GIT_TIMEOUT_MS,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return `${version}+${commit.trim()}`;
  } catch {
    // A clone without git: the version alone.
    return version;
  }
}

/** What a figure was measured on. */
export function machineName(): string {
  const cpus = os.cpus();
  return `${cpus[0]?.model.trim() ?? os.arch()}, ${cpus.length} cores, ${os.platform()}`;
}
