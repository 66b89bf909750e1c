import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendResult } from '../../src/worker/experiments/results.js';
import { CHROMIUM } from '../helpers/browser.js';
import { leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('the lab in a browser', [CHROMIUM === undefined && 'no Chromium']);

describe.skipIf(without)('the lab, served and driven in a browser', () => {
  const winnow = servedPage('lab');

  beforeAll(() => {
    const results = join(winnow.home, 'results');
    mkdirSync(results);
    const file = join(results, 'cost.jsonl');
    for (const seed of [1, 2]) {
      appendResult(file, {
        experiment: 'cost',
        unit: 'denseCNN2',
        seed,
        spec: {},
        dataHash: String(seed).repeat(64),
        codeVersion: '0.1.0',
        machine: 'test',
        finishedAt: '2026-01-01T00:00:00Z',
        seconds: 1,
        metrics: {},
        curves: {},
      });
    }
    appendFileSync(file, '{"experiment":"cost","unit');
  });

  it('tells under each experiment what its own results have to tell, and under all what belongs to none', async () => {
    const { page } = winnow;
    await page.locator('body').press('6');
    const notes = page.getByRole('note');
    const choose = (name: string) => page.getByRole('list', { name: 'Experiments' }).getByRole('button', { name }).click();

    await choose(' cost ');
    await expect.poll(() => notes.filter({ hasText: 'data differ' }).count()).toBe(1);
    const shown = await notes.allInnerTexts();
    expect(shown).toEqual([
      expect.stringContaining('cut in the middle'),
      // The results that ship are merged with these.
      expect.stringMatching(/^cost: measured with 2 versions/),
      expect.stringMatching(/^cost: data differ.* 111111111111 \(.* 222222222222 \(/),
    ]);

    await choose(' match-theory ');
    await expect.poll(() => notes.allInnerTexts()).toEqual([expect.stringContaining('cut in the middle')]);
    expect(winnow.complaints).toEqual([]);
  });
});
