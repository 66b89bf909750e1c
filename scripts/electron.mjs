// Where Electron's program is; fetched on first use, within bounds, because it does not come from the package registry.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, fingerprint, readStamp, removeStamp, writeStamp } from './fingerprint.mjs';
import { runProgram } from './programs.mjs';

const PACKAGE = join(ROOT, 'node_modules/electron');
/** What Electron's own installer needs. */
const NODE_AT_LEAST = [22, 12];
const FETCH_LIMIT_MS = 180_000;
/** After a failed fetch the next start does not wait for another one until this much later. */
const RETRY_AFTER_MS = 24 * 3_600_000;

/** The program that is already there, or undefined. ELECTRON_OVERRIDE_DIST_PATH is Electron's own way to name another folder. */
export function installedElectron() {
  try {
    const name = readFileSync(join(PACKAGE, 'path.txt'), 'utf8');
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(PACKAGE, 'dist'), name);
    return existsSync(path) ? path : undefined;
  } catch {
    if (process.env.ELECTRON_OVERRIDE_DIST_PATH === undefined) return undefined;
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH, process.platform === 'win32' ? 'electron.exe' : 'electron');
    return existsSync(path) ? path : undefined;
  }
}

/** Why this session cannot show a window, or undefined where it can. */
export function noWindowReason() {
  if (process.platform !== 'linux') return undefined;
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'there is no display';
  if (process.getuid?.() === 0) return 'Electron does not run as root';
  return undefined;
}

/** @returns {Promise<{ path: string } | { reason: string }>} the program, or in a few words why there is none */
export async function provideElectron(say) {
  const installed = installedElectron();
  if (installed !== undefined) return { path: installed };
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor < NODE_AT_LEAST[1])) {
    return { reason: `Electron needs Node ${NODE_AT_LEAST.join('.')} or newer, this is ${process.versions.node}` };
  }
  const version = fingerprint(['node_modules/electron/package.json']);
  const [failedVersion, failedAt] = (readStamp('electron-failed') ?? '').split(' ');
  if (failedVersion === version && Date.now() - Number(failedAt) < RETRY_AFTER_MS) {
    return { reason: "Electron's program could not be fetched (tried within the last day; npx install-electron tries again)" };
  }
  say('fetching Electron');
  const { code, timedOut } = await runProgram(process.execPath, [join(PACKAGE, 'install.js')], {
    limitMs: FETCH_LIMIT_MS,
    quiet: true,
  });
  const path = installedElectron();
  if (code === 0 && path !== undefined) {
    removeStamp('electron-failed');
    return { path };
  }
  writeStamp('electron-failed', `${version} ${Date.now()}`);
  return { reason: timedOut ? "fetching Electron's program took too long" : "Electron's program could not be fetched" };
}
