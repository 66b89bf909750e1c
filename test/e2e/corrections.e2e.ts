import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import { leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('corrections in a browser', [CHROMIUM === undefined && 'no Chromium']);

describe.skipIf(without)('a detection that was wrong', () => {
  const winnow = servedPage('corrections');

  it('is kept as a take of the word that it really was', async () => {
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.heard('yes');
    const wrong = winnow.page.getByRole('combobox', { name: /^What yes at .* really was$/ }).first();
    await wrong.selectOption('go');
    await expect.poll(() => wrong.isDisabled()).toBe(true);
    expect(readdirSync(join(winnow.home, 'takes', 'go')).filter((name) => name.endsWith('.wav'))).toHaveLength(1);
  });
});
