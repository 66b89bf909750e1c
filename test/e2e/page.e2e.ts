import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import { ROOT, artefact, leavesOut } from '../helpers/project.js';
import { WinnowPage, servedPage } from '../helpers/served-page.js';
import { sineWav } from '../helpers/wav.js';

const without = leavesOut('the page in a browser', [CHROMIUM === undefined && 'no Chromium']);
/** Enough of them fill the picture of the last seconds. */
const WORDS_IN_PICTURE = 3;
const POLL_LIMIT_MS = 10_000;
const TONE_AMPLITUDE = 0.5;
const TONE_SECONDS = 120;
/** Noise of every kind has this rms. */
const NOISE_RMS = 1 / Math.sqrt(3);

/** SNR in dB of the published blend (1 - eta) A + eta noise for the test tone. */
const toneSnrDb = (eta: number) => 20 * Math.log10(((1 - eta) * TONE_AMPLITUDE * Math.SQRT1_2) / (eta * NOISE_RMS));

/** As a drag from the desktop ends. */
async function dropFile(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob('${bytes.toString('base64')}'), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], '${name}'));
    return transfer;
  })()`);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

describe.skipIf(without)('the page, served and driven in a browser', () => {
  const winnow = servedPage('page');

  afterEach(async () => {
    const stop = winnow.page.getByRole('button', { name: 'Stop', exact: true });
    if (await stop.isVisible()) await stop.click();
    await winnow.page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
  });

  it('shows the word of a clip that was played through the whole path, with its sound to hear again and to save', async () => {
    const { page } = winnow;
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.heard('yes');
    await winnow.status(/Listening: /);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('button', { name: /^Save yes at/ })
        .first()
        .click(),
    ]);
    const wav = readFileSync(await download.path());
    expect(download.suggestedFilename()).toMatch(/^yes-\d+\.wav$/);
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    // One second of 16-bit samples after the header of 44 bytes, and not silence.
    expect(wav.length).toBe(44 + 2 * 16_000);
    expect(Math.max(...new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length)))).toBeGreaterThan(500);
  });

  it('mixes in as much noise as the slider says', async () => {
    const { page } = winnow;
    const tone = join(winnow.home, 'tone.wav');
    await writeFile(tone, sineWav({ seconds: TONE_SECONDS, hertz: 440, amplitude: TONE_AMPLITUDE }));
    await winnow.choose('Input', { label: 'WAV or FLAC file…' });
    await page.getByLabel('Path of the file on this computer').fill(tone);
    await page.getByLabel('Path of the file on this computer').press('Enter');
    await winnow.listen();
    const slider = page.getByRole('slider', { name: 'Noise level eta' });
    const snr = winnow.region('Noise').locator('dd').nth(1);
    for (const eta of [0.1, 0.25, 0.5]) {
      await slider.fill(String(eta));
      // The tone is steady, so the figure becomes exact once a second of it has been heard.
      const wanted = `${toneSnrDb(eta) < 0 ? '−' : ''}${Math.round(Math.abs(toneSnrDb(eta)))} dB`;
      await snr.getByText(wanted, { exact: true }).waitFor();
    }
    await slider.fill('0');
    await snr.getByText('no noise').waitFor();
  });

  it('compares two models: what each hears and at what cost', async () => {
    const { page } = winnow;
    await winnow.choose('Model', 'commands-sparse');
    await winnow.choose('Beside it', 'commands-dense');
    await winnow.choose('Input', 'demo:');
    await winnow.listen();
    const work = winnow.region('Work per word');
    await work.getByRole('row', { name: /conv1/ }).waitFor();
    const costs: number[] = [];
    for (const model of ['commands-sparse', 'commands-dense']) {
      await work.getByText(model).click();
      const cell = work.getByRole('row', { name: /conv2/ }).locator('td[title]').last();
      const [done = 0, dense = 0] = (await cell.getAttribute('title'))!.split(' of ').map(Number);
      costs.push(done / dense);
    }
    expect(costs[0]).toBeLessThan(0.25);
    expect(costs[1]).toBeLessThanOrEqual(1);
    expect(costs[1]).toBeGreaterThan(2 * costs[0]!);
    await winnow
      .region('Scores')
      .getByRole('img', { name: /, commands-dense: / })
      .first()
      .waitFor();
    await winnow.choose('Beside it', '');
    await winnow.choose('Model', 'commands');
    await page.getByRole('slider', { name: 'Threshold' }).waitFor();
  });

  it('works from the keyboard', async () => {
    const { page } = winnow;
    await winnow.choose('Input', 'demo:');
    await page.locator('body').click({ position: { x: 640, y: 400 } });
    await page.keyboard.press('Space');
    await winnow.status(/Listening: /);
    await page.keyboard.press('n');
    await winnow.region('Noise').locator('dd').first().getByText('0.20').waitFor();
    await page.keyboard.press('n');
    await winnow.region('Noise').locator('dd').first().getByText('0.00').waitFor();
    await page.keyboard.press('Space');
    await winnow.status('Not listening');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('2');
    await page.getByRole('heading', { name: 'Robustness', level: 1 }).waitFor();
    await page.keyboard.press('1');
    await winnow.region('Detections').waitFor();
  });

  it('is there in light and in dark, from 1024 x 700 up', async () => {
    const { page } = winnow;
    await winnow.choose('Input', 'demo:');
    const heard = winnow.region('Detections').getByRole('listitem');
    const before = await heard.count();
    await winnow.listen();
    await heard.nth(before + WORDS_IN_PICTURE - 1).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: artefact(`listen-${colorScheme}.png`) });
    }
    await page.setViewportSize({ width: 1024, height: 700 });
    await page.screenshot({ path: artefact('listen-smallest.png') });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBe(0);
    await page.setViewportSize({ width: 1280, height: 820 });
  });

  it('remembers the settings, and shows them on a second page', async () => {
    const second = await WinnowPage.open(winnow.browser, winnow.address);
    await winnow.choose('Input', `demo:${clipName('no')}`);
    const input = second.page.getByRole('combobox', { name: 'Input', exact: true });
    await expect.poll(() => input.inputValue(), { timeout: POLL_LIMIT_MS }).toBe(`demo:${clipName('no')}`);
    await second.page.close();
  });

  it('takes in a model file that is dropped on it, and refuses a damaged one', async () => {
    const { page } = winnow;
    const model = readFileSync(join(ROOT, 'resources/models/commands-sparse.safetensors'));
    const damaged = Buffer.from(model);
    damaged[damaged.length - 1]! ^= 1;
    await dropFile(page, 'mine.safetensors', model);
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Listen' }).click();
    await winnow.choose('Model', 'mine@1');
    await dropFile(page, 'damaged.safetensors', damaged);
    const alert = page.getByRole('alert').filter({ hasText: 'model-hash' }).first();
    await alert.waitFor();
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Listen' }).click();
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await winnow.choose('Model', 'commands');
  });

  it('[negative] says what to do where a file cannot be heard, and goes on', async () => {
    const { page } = winnow;
    const broken = join(winnow.home, 'broken.wav');
    await writeFile(broken, 'RIFF, but nothing else of a WAV file');
    await winnow.choose('Input', { label: 'WAV or FLAC file…' });
    await page.getByLabel('Path of the file on this computer').fill(broken);
    await page.getByLabel('Path of the file on this computer').press('Enter');
    await winnow.listen();
    const alert = page.getByRole('alert').first();
    await alert.waitFor();
    expect(await alert.innerText()).toContain('broken.wav');
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.status(/Listening: /);
  });

  it('[negative] is refused without the token of its address', async () => {
    const { origin } = new URL(winnow.address);
    expect((await fetch(`${origin}/`)).status).toBe(401);
    expect((await fetch(`${origin}/?token=wrong`)).status).toBe(401);
  });

  it('breaks no rule of its own policy and leaves no error uncaught', () => {
    expect(winnow.complaints).toEqual([]);
  });
});
