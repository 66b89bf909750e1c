// Builds the native engine into build/native/winnow.node. `buildNative` is what setup calls; run directly it is `npm run build:native`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = join(ROOT, 'native', 'engine');
const OUTPUT = join(ROOT, 'build', 'native');
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** Exit status when a tool that the build needs is not there; a build that fails exits with 1. */
export const NO_TOOLS_STATUS = 3;

/** Where the add-on is after a build. */
export const NATIVE_ADDON = join(OUTPUT, 'winnow.node');

function runs(command, args = ['--version']) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Why the engine cannot be built here, in one line, or null. */
export function missingTool() {
  if (!runs('cmake')) return 'CMake is not installed';
  const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  if (!compilers.some((compiler) => runs(compiler))) return 'there is no C++ compiler';
  if (!runs('make') && !runs('ninja')) return 'there is neither make nor ninja';
  if (!existsSync(join(ROOT, 'node_modules', 'node-api-headers'))) return 'the packages are not installed (npm ci)';
  return null;
}

/**
 * Configures and builds, Release. Quick when nothing changed.
 * @param {{quiet?: boolean, tests?: boolean}} options quiet: compiler output only when the build fails; tests: the C++ tests too
 * @returns {{status: 'built'} | {status: 'no-tools' | 'failed', reason: string}}
 */
export function buildNative({ quiet = true, tests = false } = {}) {
  const reason = missingTool();
  if (reason) return { status: 'no-tools', reason };
  mkdirSync(OUTPUT, { recursive: true });
  const generator = runs('ninja') && !existsSync(join(OUTPUT, 'Makefile')) ? ['-G', 'Ninja'] : [];
  const steps = [
    ['-S', SOURCE, '-B', OUTPUT, ...generator, '-DCMAKE_BUILD_TYPE=Release', `-DWINNOW_TESTS=${tests ? 'ON' : 'OFF'}`],
    ['--build', OUTPUT, '--parallel'],
  ];
  for (const args of steps) {
    const done = spawnSync('cmake', args, { stdio: quiet ? 'pipe' : 'inherit', encoding: 'utf8', timeout: BUILD_TIMEOUT_MS });
    if (done.status !== 0) {
      if (quiet) process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
      return { status: 'failed', reason: `cmake ${args.join(' ')} failed (${done.error?.message ?? `status ${done.status}`})` };
    }
  }
  return { status: 'built' };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const result = buildNative({ quiet: false, tests: process.argv.includes('--tests') });
  if (result.status !== 'built') {
    console.error(`The native engine was not built: ${result.reason}`);
    process.exit(result.status === 'no-tools' ? NO_TOOLS_STATUS : 1);
  }
}
