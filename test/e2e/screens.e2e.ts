import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { artefact, leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';

const without = leavesOut('the screens in both themes and sizes', [CHROMIUM === undefined && 'no Chromium']);
const DEMO = fileURLToPath(new URL('../../resources/clips/demo.wav', import.meta.url));
/** What takes the engine a while on a busy machine. */
const WORK_MS = 60_000;
const RAISED_ETA = '0.2';
const SIZES = {
  usual: { width: 1280, height: 820 },
  presentation: { width: 1920, height: 1080 },
} as const;

/** Controls that a screen reader could not name. */
const UNNAMED = `[...document.querySelectorAll('button, input, select, textarea, a[href], [role="slider"], [role="img"], [role="tab"]')]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const labelled = element.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id)?.textContent).join('');
    const name = [element.getAttribute('aria-label'), labelled, element.textContent, element.getAttribute('title'),
      ...[...(element.labels ?? [])].map((label) => label.textContent)];
    return name.every((text) => !text || text.trim() === '');
  })
  .map((element) => element.outerHTML.slice(0, 120))`;

/** Scrolls to what did not fit. @returns whether there is any */
const TO_END = `(() => {
  const main = document.querySelector('main');
  main.scrollTop = main.scrollHeight;
  return main.scrollTop > 0;
})()`;
const TO_TOP = `document.querySelector('main').scrollTop = 0`;

describe.skipIf(without)('every screen, in both themes and both sizes', () => {
  const winnow = servedPage('screens');

  /** Pictures of what is shown now, and what is wrong with it for people who see or hear it otherwise. */
  async function look(name: string): Promise<void> {
    const { page } = winnow;
    for (const [size, viewport] of Object.entries(SIZES)) {
      const presentation = size === 'presentation';
      await page.setViewportSize(viewport);
      if (presentation) await page.keyboard.press('p');
      await page.locator(presentation ? 'html[data-size="presentation"]' : 'html:not([data-size])').waitFor();
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        const picture = `screens/${name}-${scheme}${presentation ? '-presentation' : ''}`;
        await page.screenshot({ path: artefact(`${picture}.png`) });
        if (await page.evaluate(TO_END)) await page.screenshot({ path: artefact(`${picture}-end.png`) });
        await page.evaluate(TO_TOP);
      }
      const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(overflow, `${name}, ${size}: wider than the window`).toBe(0);
      expect(await page.evaluate(UNNAMED), `${name}: controls without a name`).toEqual([]);
      if (presentation) await page.keyboard.press('p');
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(SIZES.usual);
  }

  const screen = (key: string) => winnow.page.locator('body').press(key);
  const tab = (name: string) => winnow.page.getByRole('tab', { name }).click();

  it('Listen', async () => {
    const { page } = winnow;
    await winnow.choose('Model', 'commands-sparse');
    await winnow.choose('Beside it', 'commands-dense');
    await winnow.choose('Input', 'demo:');
    await winnow.listen();
    await winnow.region('Detections').getByRole('listitem').nth(2).waitFor({ timeout: WORK_MS });
    await look('listen');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
  });

  it('Robustness: side by side, noise score, calibration', { timeout: 3 * WORK_MS }, async () => {
    const { page } = winnow;
    await screen('2');
    await page.getByRole('slider', { name: 'Noise level eta' }).fill(RAISED_ETA);
    await page.getByRole('button', { name: 'Sweep', exact: true }).click();
    await page.getByRole('button', { name: 'Sweep', exact: true }).waitFor({ timeout: WORK_MS });
    await page.getByRole('button', { name: 'Play the list' }).click();
    await page.getByText(/^(\d+) of \1 clips\./).waitFor({ timeout: WORK_MS });
    await look('robustness');

    await tab('Noise score');
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.locator('tr[data-model="commands-dense"]').getByText('11 of 11').waitFor({ timeout: WORK_MS });
    await look('noise-score');

    await tab('Calibration');
    await page.getByLabel(/^Long recordings/).fill(DEMO);
    await page.getByRole('button', { name: 'Calibrate', exact: true }).click();
    await page.getByRole('button', { name: 'Use it' }).first().waitFor({ timeout: WORK_MS });
    await page.getByRole('heading', { level: 1 }).click();
    await look('calibration');
  });

  it('Sparsity', async () => {
    const { page } = winnow;
    await screen('3');
    await winnow.choose('Sound', { label: 'yes-ben' });
    await winnow
      .region('Layer conv1')
      .getByText(/ of .* active$/)
      .waitFor();
    await page.getByRole('button', { name: 'Freeze and show' }).click();
    await winnow.region('One unit, stage by stage').getByRole('listitem').first().waitFor();
    await page.getByRole('heading', { level: 1 }).click();
    await look('sparsity');
  });

  it.each([
    ['4', 'Teach'],
    ['5', 'Models'],
    ['6', 'Lab'],
    ['7', 'Settings'],
  ])('%s: %s', async (key, title) => {
    await screen(key);
    await winnow.page.getByRole('heading', { level: 1, name: title }).waitFor();
    // The list of the Lab's experiments is asked for when it is opened.
    if (title === 'Lab') await winnow.page.getByRole('heading', { level: 2 }).first().waitFor();
    await look(title.toLowerCase());
  });

  it('the other parts of the Lab', async () => {
    await screen('6');
    for (const part of ['Noise curves', 'Match theory', 'Speed']) {
      await tab(part);
      await look(`lab-${part.toLowerCase().replace(' ', '-')}`);
    }
    // By the keyboard, round to the first.
    await winnow.page.getByRole('tab', { name: 'Speed' }).press('ArrowRight');
    await winnow.page.getByRole('tab', { name: 'Experiments', selected: true }).waitFor();
    await winnow.page.getByRole('button', { name: ' teach ' }).click();
    await look('lab-teach');
  });

  it('Help', async () => {
    const { page } = winnow;
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: artefact(`screens/help-${scheme}.png`) });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  });

  it('breaks no rule of its own policy and leaves no error uncaught', () => {
    expect(winnow.complaints).toEqual([]);
  });
});
