// npm start: sets up what is missing, then runs the application: in its window where there is a display and an Electron
// program, as a page in the browser otherwise. `npm start -- --headless [--port N]` asks for the page.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { noWindowReason, provideElectron } from './electron.mjs';
import { ROOT } from './fingerprint.mjs';
import { runScript, setup } from './setup.mjs';

/** An Electron that ends with a failure before this has not shown a window: a library or the sandbox is missing. */
const EARLY_END_MS = 3_000;

/** Within this after a Ctrl-C comes npm's copy of it. */
const ECHO_MS = 250;

const say = (line) => console.error(`start: ${line}`);

/** @returns {Promise<{ code: number | null, early: boolean }>} */
function runElectron(path, args) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(path, [ROOT, ...args], { stdio: 'inherit' });
    // Ctrl-C reaches Electron too, as a member of the terminal's group; this process only waits for it.
    const wait = () => {};
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', wait).on('SIGTERM', pass);
    const finish = (code) => {
      process.off('SIGINT', wait).off('SIGTERM', pass);
      resolve({ code, early: Date.now() - started < EARLY_END_MS });
    };
    child.on('error', () => finish(null));
    child.on('exit', (code, signal) => finish(signal === null ? code : 0));
  });
}

/** In this process, so that a Ctrl-C arrives where it is handled, once. */
async function serve(args) {
  // A terminal's Ctrl-C comes twice under npm, which passes it on. The second one must not cut short what the first one ends, nor
  // meet a process that is past handling signals: so this one stays until it has come.
  process.on('SIGINT', () => setTimeout(() => {}, ECHO_MS));
  process.argv.splice(1, Infinity, join(ROOT, 'bin/winnow'), 'serve', ...args);
  await import(pathToFileURL(join(ROOT, 'out/main/cli.cjs')).href);
}

await runScript(async () => {
  const args = process.argv.slice(2).filter((arg) => arg !== '--headless');
  await setup();
  if (args.length === process.argv.length - 2) {
    const electron = noWindowReason() === undefined ? await provideElectron(say) : { reason: noWindowReason() };
    if ('path' in electron) {
      const { code, early } = await runElectron(electron.path, args);
      if (code === 0 || !early) return code ?? 1;
      say(`Electron ended at once (status ${code}): serving the page instead`);
    } else {
      say(`no window (${electron.reason}): serving the page instead`);
    }
  }
  await serve(args);
  return process.exitCode;
});
