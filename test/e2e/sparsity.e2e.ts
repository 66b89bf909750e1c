import { beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { artefact, leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('sparsity in a browser', [CHROMIUM === undefined && 'no Chromium']);
/** How long the picture runs beside the engine before its latency is read. */
const LIVE_MS = 8_000;
/** For a change to be seen, on a busy machine. */
const CHANGE_MS = 10_000;

describe.skipIf(without)('sparsity, served and driven in a browser', () => {
  const winnow = servedPage('sparsity');

  beforeAll(async () => {
    await winnow.choose('Model', 'commands-sparse');
    await winnow.choose('Input', 'demo:');
    await winnow.page.getByRole('link', { name: 'Sparsity' }).click();
  });

  it('shows a clip inside the network: winners, duty cycles, and one unit stage by stage', async () => {
    const { page } = winnow;
    await winnow.choose('Sound', { label: 'yes-ben' });
    const conv = winnow.region('Layer conv1');
    await conv.getByText(/ of .* active$/).waitFor();
    await conv.getByRole('img', { name: /^Duty cycle of each channel/ }).waitFor();
    await page.getByRole('button', { name: 'Freeze and show' }).click();
    const unit = winnow.region('One unit, stage by stage');
    await unit.getByText(/of \d+; the first \d+ win/).waitFor();
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 1280, height: 1400 });
      await page.screenshot({ path: artefact(`sparsity-${scheme}.png`) });
    }
    await page.setViewportSize({ width: 1280, height: 820 });
  });

  it('shows at once what fewer winners do', async () => {
    const { page } = winnow;
    const active = async (): Promise<string> =>
      (await winnow
        .region('Layer conv1')
        .getByText(/ of .* active$/)
        .textContent())!;
    const before = await active();
    await page.getByRole('slider', { name: 'Factor of k at inference' }).fill('0.5');
    await page.getByText('as in the model:').waitFor();
    await expect.poll(active, { timeout: CHANGE_MS }).not.toBe(before);
    await page.getByRole('button', { name: 'As in the model' }).click();
    await winnow.region('Layer conv1').getByText(before).waitFor();
  });

  it('tries other winners on what is listened to, and the threshold on its decision, until another model is chosen', async () => {
    const { page } = winnow;
    await page.getByRole('slider', { name: 'Factor of k at inference' }).fill('0.2');
    await winnow.status(/winners changed/);
    await page.getByRole('slider', { name: 'Threshold' }).fill('0.99');
    await page.locator('body').press('1');
    await winnow.listen();
    const share = winnow
      .region('Work per word')
      .getByRole('row', { name: /^conv1/ })
      .locator('td')
      .nth(1);
    const fraction = async (): Promise<number> => Number.parseFloat(await share.innerText());
    await share.waitFor();
    const fewer = await fraction();
    await winnow.region('Scores').getByText('threshold 99 %').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.locator('body').press('3');
    await page.getByRole('button', { name: 'As in the model' }).click();
    await page.locator('body').press('1');
    await winnow.listen();
    await expect.poll(fraction, { timeout: CHANGE_MS }).toBeGreaterThan(3 * fewer);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();

    await page.locator('body').press('3');
    await page.getByRole('slider', { name: 'Factor of k at inference' }).fill('0.5');
    await winnow.status(/winners changed/);
    await winnow.choose('Model', 'commands-dense');
    await winnow.choose('Sound', { label: 'yes-ben' });
    await page.getByText('In this network no units compete').waitFor();
    await winnow
      .region('Layer conv1')
      .getByText(/ of .* active$/)
      .waitFor();
    await expect.poll(() => page.getByRole('contentinfo').getByText('winners changed').count()).toBe(0);
    expect(await page.getByRole('slider', { name: 'Factor of k at inference' }).isDisabled()).toBe(true);
    await winnow.choose('Model', 'commands-sparse');
  });

  it('looks on while the engine listens, without costing it a block', async () => {
    const { page } = winnow;
    await winnow.choose('Sound', 'live');
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    const line = page.getByText(/pictures a second/);
    await line.waitFor();
    await page.waitForTimeout(LIVE_MS);
    const text = (await line.textContent())!.replace(/\s+/g, ' ').trim();
    console.log(`sparsity, live: ${text}`);
    const [, pictures] = /(\d+) pictures a second/.exec(text)!;
    expect(Number(pictures)).toBeGreaterThan(0);
    expect(text).toContain('0 blocks dropped');
    await page.screenshot({ path: artefact('sparsity-live.png') });
    await page.getByRole('button', { name: 'Stop listening' }).click();
    expect(winnow.complaints).toEqual([]);
  });
});
