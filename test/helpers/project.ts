import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const CLI = join(ROOT, 'out/main/cli.cjs');

/** Where a test run leaves something to be looked at. @param name may have folders in it */
export function artefact(name: string): string {
  const path = join(ROOT, 'artifacts', name);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** A folder that is gone when the test file has ended; `remove` it in `afterAll`. */
export function temporaryFolder(name: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `winnow-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The first of some programs that PATH holds. */
export function findProgram(...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(':')) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Says once, in one line, what a test file leaves out. @returns whether anything is missing */
export function leavesOut(what: string, missing: readonly (string | undefined | false)[]): boolean {
  const reasons = missing.filter((reason) => typeof reason === 'string');
  if (reasons.length > 0) console.log(`left out: ${what} (${reasons.join(', ')})`);
  return reasons.length > 0;
}
