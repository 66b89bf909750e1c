import { execFileSync } from 'node:child_process';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../helpers/browser.js';
import type { RunningCommand } from '../helpers/command.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { WinnowPage, serve } from '../helpers/served-page.js';

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
  const home = temporaryFolder('faults');
  let command: RunningCommand;
  let browser: Browser;
  let winnow: WinnowPage;
  beforeAll(async () => {
    const served = await serve({ WINNOW_HOME: home.path });
    command = served.command;
    browser = await launchBrowser();
    winnow = await WinnowPage.open(browser, served.address);
    await winnow.choose('Input', 'demo:');
    await winnow.listen();
    await winnow.region('Detections').getByRole('listitem').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await command?.stop();
    home.remove();
  });

  it('tells that the engine has died, starts it again and goes on listening', async () => {
    const before = engineOf(command);
    const told = winnow.status(/Engine has ended|Engine starts again/);
    process.kill(before, 'SIGKILL');
    await told;
    await winnow.status('Engine running');
    await winnow.status(/Listening: /);
    expect(engineOf(command)).not.toBe(before);
    await winnow.region('Detections').getByRole('listitem').first().waitFor();
  });

  it('tells that the whole program has gone', async () => {
    expect(await command.stop()).toBe(0);
    await winnow.status('Connection lost, connecting again');
  });
});
