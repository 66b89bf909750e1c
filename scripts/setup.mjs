// Sets up what is missing: packages, native engine, bundles. Idempotent; says one line for each thing that it does.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, fingerprint, readStamp, writeStamp } from './fingerprint.mjs';
import { NATIVE_ADDON, buildNative, missingTool } from './native.mjs';
import { runProgram } from './programs.mjs';

const NODE_AT_LEAST = [20, 19];
const PACKAGES_LIMIT_MS = 15 * 60_000;
const BUNDLES_LIMIT_MS = 5 * 60_000;

/** onnxruntime-node would fetch CUDA libraries at install; Winnow runs it on the CPU. (npm 11 reads "allowScripts" for the same end.) */
const INSTALL_ENVIRONMENT = { ONNXRUNTIME_NODE_INSTALL: 'skip' };

const BUNDLES = [
  'out/main/index.cjs',
  'out/main/cli.cjs',
  'out/main/engine-host.cjs',
  'out/preload/index.cjs',
  'out/renderer/index.html',
];

class SetupError extends Error {}

const say = (line) => console.error(`setup: ${line}`);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = NODE_AT_LEAST;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
    throw new SetupError(`Winnow needs Node ${NODE_AT_LEAST.join('.')} or newer; this is ${process.versions.node}.`);
  }
}

/** Whether node_modules holds what the lock file names: npm leaves a lock of its own there once an installation is complete. */
function packagesInstalled() {
  let wanted, installed;
  try {
    wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    installed = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === '') return true;
    return installed[path] === undefined ? optional === true || peer === true : installed[path].version === version;
  });
}

async function installPackages() {
  if (packagesInstalled()) return;
  say('installing packages (npm ci)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  const { code, timedOut, output } = await runProgram(npm, args, {
    limitMs: PACKAGES_LIMIT_MS,
    quiet: true,
    env: INSTALL_ENVIRONMENT,
  });
  if (code !== 0) throw new SetupError(`npm ci ${timedOut ? 'took too long' : 'failed'}:\n${output}`);
}

/** @returns why there is no native engine, or undefined when there is one */
function provideNative() {
  const inputs = fingerprint(['native/engine', 'scripts/native.mjs'], process.platform, process.arch);
  if (readStamp('native') === inputs && existsSync(NATIVE_ADDON)) return undefined;
  const missing = missingTool();
  if (missing) return missing;
  say('building the native engine');
  const result = buildNative();
  if (result.status !== 'built') return result.reason;
  writeStamp('native', inputs);
  return undefined;
}

async function buildBundles() {
  const inputs = fingerprint(['src', 'electron.vite.config.ts', 'package-lock.json', 'tsconfig.json']);
  if (readStamp('bundles') === inputs && BUNDLES.every((file) => existsSync(join(ROOT, file)))) return;
  say('building the bundles (electron-vite)');
  const bin = createRequire(join(ROOT, 'package.json')).resolve('electron-vite/package.json');
  const { code, timedOut, output } = await runProgram(
    process.execPath,
    [join(bin, '../bin/electron-vite.js'), 'build', '--logLevel', 'warn'],
    { limitMs: BUNDLES_LIMIT_MS, quiet: true },
  );
  if (code !== 0) throw new SetupError(`The bundles' build ${timedOut ? 'took too long' : 'failed'}:\n${output}`);
  writeStamp('bundles', inputs);
}

/** @returns {Promise<{ native: boolean }>} whether the native engine is there */
export async function setup() {
  checkNode();
  await installPackages();
  const reason = provideNative();
  if (reason !== undefined) say(`no native engine (${reason}): Winnow runs on the "reference" back end`);
  await buildBundles();
  return { native: reason === undefined };
}

/** Runs a script's main function: failures of the setup are told without a stack. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? process.exitCode;
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}

export const isMain = (url) => process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === url;

if (isMain(import.meta.url)) {
  await runScript(async () => {
    await setup();
    say('everything is in place');
    return 0;
  });
}
