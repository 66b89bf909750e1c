import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../helpers/project.js';

const home = temporaryFolder('start');
afterAll(() => home.remove());

it('npm start without a display serves the page, and ends cleanly on Ctrl-C', async () => {
  // A group of its own, so that the signal reaches all of it, as a terminal's Ctrl-C does.
  const child = spawn('npm', ['start', '--silent', '--', '--port', '0'], {
    cwd: ROOT,
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
  process.kill(-child.pid!, 'SIGINT');
  const code = await ended;
  expect(lines.join('\n')).not.toMatch(/error|at .+:\d+:\d+/i);
  // npm itself reports a script that ended after a signal as 130 in some versions.
  expect([0, 130]).toContain(code);
  await expect(fetch(address)).rejects.toThrow();
});
