import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import type { RunningCommand } from '../helpers/command.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { WinnowPage, serve } from '../helpers/served-page.js';

const without = leavesOut('corrections in a browser', [CHROMIUM === undefined && 'no Chromium']);

describe.skipIf(without)('a detection that was wrong', () => {
  const home = temporaryFolder('corrections');
  let command: RunningCommand;
  let browser: Browser;
  let winnow: WinnowPage;

  beforeAll(async () => {
    const served = await serve({ WINNOW_HOME: home.path });
    command = served.command;
    browser = await launchBrowser();
    winnow = await WinnowPage.open(browser, served.address);
  });
  afterAll(async () => {
    await browser?.close();
    await command?.stop();
    home.remove();
  });

  it('is kept as a take of the word that it really was', async () => {
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.heard('yes');
    const wrong = winnow.page.getByRole('combobox', { name: /^What yes at .* really was$/ }).first();
    await wrong.selectOption('go');
    await expect.poll(() => wrong.isDisabled()).toBe(true);
    expect(readdirSync(join(home.path, 'takes', 'go')).filter((name) => name.endsWith('.wav'))).toHaveLength(1);
  });
});
