// Other programs: whether they exist, and running them with a limit.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './fingerprint.mjs';

/** Lines kept of a quiet program's output, to be shown when it fails. */
const TAIL_LINES = 40;
/** From the polite end of a program that ran past its limit to the hard one. */
const KILL_AFTER_MS = 5_000;

/** The path of the first of `names` that PATH holds. */
export function findProgram(...names) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        try {
          accessSync(path, constants.X_OK);
          return path;
        } catch {
          // Not here: the next folder.
        }
      }
    }
  }
  return undefined;
}

/**
 * Runs a program in the project's folder. Quiet programs keep their last lines for the caller; others write through.
 * Never rejects: a program that cannot start has `code` null and its reason in `output`.
 * @returns {Promise<{ code: number | null, timedOut: boolean, output: string }>}
 */
export function runProgram(program, args, { limitMs, quiet = false, env = {}, onLine } = {}) {
  return new Promise((resolve) => {
    const piped = quiet || onLine !== undefined;
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', piped ? 'pipe' : 'inherit', piped ? 'pipe' : 'inherit'],
      shell: process.platform === 'win32' && program.endsWith('.cmd'),
    });
    const lines = [];
    let timedOut = false;
    for (const stream of piped ? [child.stdout, child.stderr] : []) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) {
          lines.push(line);
          if (lines.length > TAIL_LINES) lines.shift();
          onLine?.(line);
        }
      });
      stream.on('close', () => {
        if (rest !== '') lines.push(rest);
      });
    }
    const timers = [];
    if (limitMs !== undefined) {
      timers.push(
        setTimeout(() => {
          timedOut = true;
          child.kill('SIGTERM');
          timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS));
        }, limitMs),
      );
    }
    const finish = (code) => {
      timers.forEach(clearTimeout);
      resolve({ code, timedOut, output: lines.join('\n') });
    };
    child.on('error', (error) => {
      lines.push(error.message);
      finish(null);
    });
    child.on('close', (code) => finish(code));
  });
}
