import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Longest that a question to a sound program may take. */
const QUESTION_TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Where a program of this name is on PATH, or null. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const endings = process.platform === 'win32' ? ['.exe'] : [''];
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    for (const ending of endings) {
      const path = join(folder, name + ending);
      try {
        await access(path, constants.X_OK);
        return path;
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return null;
}

/** What a program prints, or null when it fails, takes too long or prints too much. */
export function askProgram(path: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), QUESTION_TIMEOUT_MS);
    let answer = '';
    const done = (result: string | null): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (answer.length > ANSWER_BYTES_MAX) child.kill('SIGKILL');
    });
    child.on('error', () => done(null));
    child.on('close', (code) => done(code === 0 ? answer : null));
  });
}
