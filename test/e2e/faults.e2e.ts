import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import type { RunningCommand } from '../helpers/command.js';
import { leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('faults while the page listens', [
  CHROMIUM === undefined && 'no Chromium',
  process.platform === 'win32' && 'no ps on Windows',
]);

/** The engine host, a child of the serving process. */
function engineOf(command: RunningCommand): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const row = rows.find((line) => line.trim().split(/\s+/)[1] === String(command.process.pid) && line.includes('engine-host'));
  if (row === undefined) throw new Error('no engine host runs');
  return Number(row.trim().split(/\s+/)[0]);
}

describe.skipIf(without)('faults while the page listens', () => {
  const winnow = servedPage('faults');
  beforeAll(async () => {
    await winnow.choose('Input', 'demo:');
    await winnow.listen();
    await winnow.region('Detections').getByRole('listitem').first().waitFor();
  });

  it('tells that the engine has died, starts it again and goes on listening', async () => {
    const before = engineOf(winnow.command);
    const told = winnow.status(/Engine has ended|Engine starts again/);
    process.kill(before, 'SIGKILL');
    await told;
    await winnow.status('Engine running');
    await winnow.status(/Listening: /);
    expect(engineOf(winnow.command)).not.toBe(before);
    await winnow.region('Detections').getByRole('listitem').first().waitFor();
  });

  it('tells that the whole program has gone', async () => {
    expect(await winnow.command.stop()).toBe(0);
    await winnow.status('Connection lost, connecting again');
  });
});
