import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../helpers/project.js';

const SECOND_SIGNAL_MS = 20;

const home = temporaryFolder('start');
afterAll(() => home.remove());

it('what npm start runs serves the page without a display, and ends cleanly on Ctrl-C', async () => {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs'), '--port', '0'], {
    cwd: ROOT,
    // A group of its own, so that the signal reaches all of it, as a terminal's Ctrl-C does.
    detached: true,
    env: { ...process.env, WINNOW_HOME: home.path, DISPLAY: '', WAYLAND_DISPLAY: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const lines: string[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const match = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line);
        if (match) resolve(match[0]);
      });
    }
    void ended.then((code) => reject(new Error(`ended (${code}):\n${lines.join('\n')}`)));
  });
  const response = await fetch(address);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('<title>Winnow');
  // Twice: npm passes on what the terminal has sent to everyone.
  process.kill(-child.pid!, 'SIGINT');
  await wait(SECOND_SIGNAL_MS);
  if (child.exitCode === null) process.kill(child.pid!, 'SIGINT');
  expect({ code: await ended, lines: lines.filter((line) => /error/i.test(line)) }).toEqual({ code: 0, lines: [] });
  await expect(fetch(address)).rejects.toThrow();
});
