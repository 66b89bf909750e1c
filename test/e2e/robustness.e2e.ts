import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { clipOf } from '../helpers/clips.js';
import { artefact, leavesOut, ROOT } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('robustness in a browser', [CHROMIUM === undefined && 'no Chromium']);
const MODELS = ['commands-sparse', 'commands-dense'] as const;
/** Of the clips that ship. */
const CLIPS = 32;
/** A level of the noise score at which networks fail. */
const RAISED_ETA = 0.3;
const LIST_MS = 60_000;
/** Far more than a list can show. */
const MANY_CLIPS = 300;
const WORDS = ['yes', 'no', 'up', 'down', 'left', 'right', 'stop', 'go'];
const TEST_CLIPS = join(process.env.WINNOW_DATA ?? join(ROOT, '../shared/data'), 'commands/test');
const TEST_CLIPS_PER_WORD = 3;
const withoutTestClips = leavesOut('test clips in a browser', [!existsSync(TEST_CLIPS) && 'no recorded speech']);

interface Counts {
  readonly right: number;
  readonly counted: number;
}

describe.skipIf(without)('robustness, served and driven in a browser', () => {
  const winnow = servedPage('robustness', { screen: 'robustness' });

  beforeAll(async () => {
    await winnow.choose('Model', MODELS[0]);
    await winnow.choose('Beside it', MODELS[1]);
  });

  const accuracyCell = (model: string): Locator => winnow.page.locator(`td[data-model="${model}"]`);

  async function playList(eta: number, clips: number): Promise<Record<string, Counts>> {
    const { page } = winnow;
    await page.getByRole('slider', { name: 'Noise level eta' }).fill(String(eta));
    await page.getByRole('button', { name: 'Play the list' }).click();
    await page.getByText(`${clips} of ${clips} clips.`).waitFor({ timeout: LIST_MS });
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

  /** In the tab that is shown. */
  async function chooseFolder(path: string): Promise<void> {
    await winnow.choose('Test list', 'folder');
    const field = winnow.page.getByLabel(/^Its path/);
    await field.fill(path);
    await field.press('Enter');
  }

  /** The noise score of the list that is chosen, read from the file that the page saves. */
  async function noiseScore(clips: number): Promise<(model: string, eta: number) => Counts> {
    const { page } = winnow;
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.getByRole('heading', { name: `, ${clips} clips (` }).waitFor({ timeout: LIST_MS });
    await page.locator(`tr[data-model="${MODELS[1]}"]`).getByText('11 of 11').waitFor({ timeout: LIST_MS });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    const stream = await download.createReadStream();
    let csv = '';
    for await (const portion of stream) csv += String(portion);
    return (model, eta) => {
      const line = csv.split('\n').find((candidate) => candidate.startsWith(`${model},${eta},`))!;
      const [, , right, counted] = line.split(',');
      return { right: Number(right), counted: Number(counted) };
    };
  }

  it('plays the list of clips to both models with accuracies that equal the noise score on these clips', async () => {
    const { page } = winnow;
    const clean = await playList(0, CLIPS);
    const noisy = await playList(RAISED_ETA, CLIPS);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: artefact(`robustness-${scheme}.png`), fullPage: true });
    }

    await page.getByRole('tab', { name: 'Noise score' }).click();
    const measured = await noiseScore(CLIPS);
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
    await page.getByRole('tab', { name: 'Side by side' }).click();
  });

  it.skipIf(withoutTestClips)('does so with test clips of the data, the first of every word by name', async () => {
    const { page } = winnow;
    const folder = join(winnow.home, 'test clips');
    for (const word of WORDS) {
      mkdirSync(join(folder, word), { recursive: true });
      const first = readdirSync(join(TEST_CLIPS, word)).sort().slice(0, TEST_CLIPS_PER_WORD);
      for (const name of first) copyFileSync(join(TEST_CLIPS, word, name), join(folder, word, name));
    }
    const clips = WORDS.length * TEST_CLIPS_PER_WORD;
    await chooseFolder(folder);
    await page.getByText(`0 of ${clips} clips.`).waitFor();
    const clean = await playList(0, clips);
    const noisy = await playList(RAISED_ETA, clips);
    await page.getByRole('tab', { name: 'Noise score' }).click();
    await chooseFolder(folder);
    const measured = await noiseScore(clips);
    for (const model of MODELS) {
      expect(clean[model]).toEqual(measured(model, 0));
      expect(noisy[model]).toEqual(measured(model, RAISED_ETA));
      expect(clean[model]!.counted).toBe(clips);
    }
    await page.getByRole('tab', { name: 'Side by side' }).click();
  });

  it('sweeps one clip and tells which model failed first', async () => {
    const { page } = winnow;
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

  it('keeps the part of a sweep and of a list that was done when they are stopped, and says so', async () => {
    const { page } = winnow;
    // Aloud each level takes its second.
    await page.getByLabel('Play it aloud').check();
    await page.getByRole('button', { name: 'Sweep', exact: true }).click();
    await winnow.region('Sweep of one clip').getByRole('row').nth(1).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Stop the sweep' }).click();
    await winnow
      .region('Sweep of one clip')
      .getByText(/^Stopped half-way: \d+ of 26 levels\.$/)
      .waitFor();
    await page.getByRole('button', { name: 'Play the list' }).click();
    await page.getByText(`1 of ${CLIPS} clips.`).waitFor();
    await page.getByRole('button', { name: 'Stop the list' }).click();
    await winnow.region('Played list').getByText('Stopped half-way').waitFor();
    await expect.poll(async () => Number(await accuracyCell(MODELS[0]).getAttribute('data-counted'))).toBeGreaterThan(0);
    await page.getByLabel('Play it aloud').uncheck();
    await page.getByRole('button', { name: 'Play the list' }).waitFor();
  });

  it('finds a clip by typing, and counts no clip of a word that no model knows', async () => {
    const { page } = winnow;
    const folder = join(winnow.home, 'words');
    for (const [word, voices] of [
      ['yes', ['anna', 'ben']],
      ['halt', ['anna', 'ben', 'clara']],
    ] as const) {
      mkdirSync(join(folder, word), { recursive: true });
      for (const voice of voices) {
        copyFileSync(clipOf(word === 'halt' ? 'stop' : word, voice), join(folder, word, `${voice}.wav`));
      }
    }
    await chooseFolder(folder);
    const clip = page.getByRole('combobox', { name: 'Clip', exact: true });
    await clip.click();
    const offered = page.getByRole('listbox', { name: 'Clip' }).getByRole('option');
    await offered.getByText('halt/clara').waitFor();
    await clip.fill('yes');
    await expect.poll(() => offered.allInnerTexts()).toEqual(['yes/anna', 'yes/ben']);
    await clip.press('ArrowDown');
    await clip.press('Enter');
    expect(await clip.inputValue()).toBe('yes/ben');
    await page.getByRole('button', { name: 'Play the list' }).click();
    await page.getByText('5 of 5 clips.').waitFor({ timeout: LIST_MS });
    expect(await accuracyCell(MODELS[0]).getAttribute('data-counted')).toBe('2');

    await page.getByRole('tab', { name: 'Noise score' }).click();
    await chooseFolder(folder);
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.getByText('No model has a word of its own for halt (3)').waitFor({ timeout: LIST_MS });
    await page
      .locator(`tr[data-model="${MODELS[0]}"]`)
      .getByText(/of 22$/)
      .waitFor({ timeout: LIST_MS });

    const strange = join(winnow.home, 'strange');
    cpSync(join(folder, 'halt'), join(strange, 'halt'), { recursive: true });
    await page.getByLabel(/^Its path/).fill(strange);
    await page.getByLabel(/^Its path/).press('Enter');
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.locator(`tr[data-model="${MODELS[0]}"]`).getByText('0 of 0').waitFor({ timeout: LIST_MS });

    await page.getByLabel(/^Its path/).fill(join(winnow.home, 'nowhere'));
    await page.getByLabel(/^Its path/).press('Enter');
    await page.getByRole('button', { name: 'Measure' }).click();
    await winnow.region('Noise score').getByRole('alert').getByText('nowhere').waitFor();
    await winnow.choose('Test list', 'shipped');
  });

  it('offers a few of many clips at once, and more of them to who types', async () => {
    const { page } = winnow;
    const folder = join(winnow.home, 'many');
    mkdirSync(join(folder, 'yes'), { recursive: true });
    for (let i = 0; i < MANY_CLIPS; i++) copyFileSync(clipOf('yes'), join(folder, 'yes', `${i}.wav`));
    await page.getByRole('tab', { name: 'Side by side' }).click();
    await chooseFolder(folder);
    await page.getByText(`0 of ${MANY_CLIPS} clips.`).waitFor({ timeout: LIST_MS });
    const clip = page.getByRole('combobox', { name: 'Clip', exact: true });
    await clip.click();
    const offered = page.getByRole('listbox', { name: 'Clip' }).getByRole('option');
    await offered.getByText(`of ${MANY_CLIPS}; type to find others`).waitFor();
    expect(await offered.count()).toBeLessThan(20);
    await clip.fill('299');
    await expect.poll(() => offered.allInnerTexts()).toEqual(['yes/299']);
    await clip.press('Escape');
    await winnow.choose('Test list', 'shipped');
    await page.getByRole('tab', { name: 'Noise score' }).click();
  });

  it('tells which kind of network holds better, from the cards of the models that ship', async () => {
    const cards = winnow.region('Which of the shipped networks holds better');
    await cards.getByRole('row', { name: new RegExp(`^${MODELS[0]} sparse without noise`) }).waitFor();
    // What the sentence says is what the rows say.
    const mean = async (model: string): Promise<number> =>
      Number.parseFloat(
        (
          await cards
            .getByRole('row', { name: new RegExp(`^${model} `) })
            .locator('td')
            .nth(2)
            .innerText()
        ).trim(),
      );
    const verdict = await cards
      .locator('[data-verdict]')
      .filter({ hasText: 'Trained without noise' })
      .getAttribute('data-verdict');
    const difference = (await mean(MODELS[0])) - (await mean(MODELS[1]));
    expect(Number.isFinite(difference)).toBe(true);
    if (verdict !== 'unclear') expect(verdict).toBe(difference > 0 ? 'sparse' : 'dense');
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
