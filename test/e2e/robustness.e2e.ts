import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../helpers/browser.js';
import type { RunningCommand } from '../helpers/command.js';
import { artefact, leavesOut, temporaryFolder } from '../helpers/project.js';
import { WinnowPage, serve } from '../helpers/served-page.js';

const without = leavesOut('robustness in a browser', [CHROMIUM === undefined && 'no Chromium']);
const MODELS = ['commands-sparse', 'commands-dense'] as const;
/** Of the clips that ship. */
const CLIPS = 32;
/** A level of the noise score at which networks fail. */
const RAISED_ETA = 0.3;
const LIST_MS = 60_000;

interface Counts {
  readonly right: number;
  readonly counted: number;
}

describe.skipIf(without)('robustness, served and driven in a browser', () => {
  const home = temporaryFolder('robustness');
  let command: RunningCommand;
  let browser: Browser;
  let winnow: WinnowPage;

  beforeAll(async () => {
    const served = await serve({ WINNOW_HOME: home.path });
    command = served.command;
    browser = await launchBrowser();
    winnow = await WinnowPage.open(browser, `${served.address.replace(/#.*$/, '')}#robustness`);
    await winnow.choose('Model', MODELS[0]);
    await winnow.choose('Beside it', MODELS[1]);
  });
  afterAll(async () => {
    await browser?.close();
    await command?.stop();
    home.remove();
  });

  const accuracyCell = (model: string): Locator => winnow.page.locator(`td[data-model="${model}"]`);

  async function playList(eta: number): Promise<Record<string, Counts>> {
    const { page } = winnow;
    await page.getByRole('slider', { name: 'Noise level eta' }).fill(String(eta));
    await page.getByRole('button', { name: 'Play the list' }).click();
    await page.getByText(`${CLIPS} of ${CLIPS} clips.`).waitFor({ timeout: LIST_MS });
    const counts: Record<string, Counts> = {};
    for (const model of MODELS) {
      const cell = accuracyCell(model);
      counts[model] = {
        right: Number(await cell.getAttribute('data-right')),
        counted: Number(await cell.getAttribute('data-counted')),
      };
    }
    return counts;
  }

  it('plays the list of clips to both models with accuracies that equal the noise score on these clips', async () => {
    const { page } = winnow;
    const clean = await playList(0);
    const noisy = await playList(RAISED_ETA);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: artefact(`robustness-${scheme}.png`), fullPage: true });
    }

    await page.getByRole('tab', { name: 'Noise score' }).click();
    await page.getByRole('button', { name: 'Measure' }).click();
    const row = (model: string): Locator => page.locator(`tr[data-model="${model}"]`);
    await row(MODELS[1]).getByText('11 of 11').waitFor({ timeout: LIST_MS });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    const stream = await download.createReadStream();
    let csv = '';
    for await (const portion of stream) csv += String(portion);
    const measured = (model: string, eta: number): Counts => {
      const line = csv.split('\n').find((candidate) => candidate.startsWith(`${model},${eta},`))!;
      const [, , right, counted] = line.split(',');
      return { right: Number(right), counted: Number(counted) };
    };
    for (const model of MODELS) {
      expect(clean[model]).toEqual(measured(model, 0));
      expect(noisy[model]).toEqual(measured(model, RAISED_ETA));
      expect(clean[model]!.counted).toBe(CLIPS);
      expect(noisy[model]!.right).toBeLessThan(clean[model]!.right);
    }
    const [picture] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the chart as PNG' }).click(),
    ]);
    expect(picture.suggestedFilename()).toBe('noise-score.png');
    await picture.saveAs(artefact('noise-score-chart.png'));
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: artefact(`noise-score-${scheme}.png`), fullPage: true });
    }
  });

  it('sweeps one clip and tells which model failed first', async () => {
    const { page } = winnow;
    await page.getByRole('tab', { name: 'Side by side' }).click();
    await page.getByRole('button', { name: 'Sweep', exact: true }).click();
    const sweep = winnow.region('Sweep of one clip');
    await page.getByRole('button', { name: 'Sweep', exact: true }).waitFor({ timeout: LIST_MS });
    await sweep.getByRole('row').nth(26).waitFor({ state: 'attached' });
    for (const model of MODELS)
      await sweep
        .getByRole('listitem')
        .filter({ hasText: `${model}:` })
        .waitFor();
    await page.screenshot({ path: artefact('robustness-sweep.png'), fullPage: true });
  });

  it('keeps the levels that were finished when a noise score is stopped', async () => {
    const { page } = winnow;
    await page.getByRole('tab', { name: 'Noise score' }).click();
    await winnow.choose('Noise', 'babble');
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('button', { name: 'Measure' }).waitFor();
    await winnow.page.getByText('Stopped half-way').waitFor();
  });

  it('calibrates on a long recording and applies the operating point', async () => {
    const { page } = winnow;
    await page.getByRole('tab', { name: 'Calibration' }).click();
    const recording = new URL('../../resources/clips/demo.wav', import.meta.url).pathname;
    await page.getByLabel(/^Long recordings/).fill(recording);
    await page.getByRole('button', { name: 'Calibrate', exact: true }).click();
    const use = page.getByRole('button', { name: 'Use it' }).first();
    await use.waitFor({ timeout: LIST_MS });
    await use.click();
    await page.getByRole('button', { name: 'In use' }).first().waitFor();
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: artefact(`calibration-${scheme}.png`), fullPage: true });
    }
    expect(winnow.complaints).toEqual([]);
  });
});
