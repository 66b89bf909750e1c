import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { startWinnow } from '../helpers/command.js';
import { artefact, leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';
import { sineWav } from '../helpers/wav.js';

const without = leavesOut('frame times beside the engine', [CHROMIUM === undefined && 'no Chromium']);
const SOUND_SECONDS = 120;
/** How long each screen is watched, and the engine without any. */
const WATCHED_MS = 8_000;
/** Pages take a moment to build up. */
const SETTLE_MS = 1_000;
const ETA = '0.2';

interface EngineFigures {
  readonly latencyMsP50: number;
  readonly latencyMsP95: number;
  readonly lateBlocks: number;
  readonly droppedBlocks: number;
}

interface Frames {
  readonly framesPerSecond: number;
  readonly frameMsP50: number;
  readonly frameMsP95: number;
  readonly frameMsMax: number;
}

/** Times between frames of the page while it is watched. */
const WATCH = `new Promise((resolve) => {
  const times = [];
  const frame = (now) => {
    times.push(now);
    if (now - times[0] < ${WATCHED_MS}) requestAnimationFrame(frame);
    else resolve(times.slice(1).map((time, i) => time - times[i]));
  };
  requestAnimationFrame(frame);
})`;

function summary(frameMs: readonly number[]): Frames {
  const sorted = [...frameMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1));
  const seconds = frameMs.reduce((sum, ms) => sum + ms, 0) / 1000;
  return {
    framesPerSecond: Number((frameMs.length / seconds).toFixed(1)),
    frameMsP50: at(0.5),
    frameMsP95: at(0.95),
    frameMsMax: at(1),
  };
}

/**
 * Measures, and asserts only that nothing was lost: how fast frames come depends on the machine, on what draws them (here often a
 * processor without a graphics card) and on what else runs. The figures lie in `artifacts/frames.json`.
 */
describe.skipIf(without)('pictures beside the engine', () => {
  const winnow = servedPage('frames');
  const sound = join(winnow.home, 'tone.wav');
  const measured: Record<string, EngineFigures & Partial<Frames>> = {};

  beforeAll(async () => {
    writeFileSync(sound, sineWav({ seconds: SOUND_SECONDS, hertz: 440, amplitude: 0.5 }));
    await winnow.choose('Input', { label: 'WAV or FLAC file…' });
    await winnow.page.getByLabel('Path of the file on this computer').fill(sound);
    await winnow.page.getByLabel('Path of the file on this computer').press('Enter');
    await winnow.page.getByRole('slider', { name: 'Noise level eta' }).fill(ETA);
  });
  afterAll(async () => {
    if (Object.keys(measured).length === 0) return;
    writeFileSync(artefact('frames.json'), `${JSON.stringify(measured, null, 2)}\n`);
    for (const [screen, figures] of Object.entries(measured)) console.log(`frames: ${screen} ${JSON.stringify(figures)}`);
  });

  /** What the line at the bottom tells of the engine since listening began. */
  async function engineFigures(): Promise<EngineFigures> {
    const line = await winnow.page.getByRole('contentinfo', { name: 'State' }).innerText();
    const latency = /([\d.]+) \/ ([\d.]+) ms/.exec(line)!;
    const blocks = /(\d+) late, (\d+) dropped/.exec(line)!;
    return {
      latencyMsP50: Number(latency[1]),
      latencyMsP95: Number(latency[2]),
      lateBlocks: Number(blocks[1]),
      droppedBlocks: Number(blocks[2]),
    };
  }

  it('without any picture: the engine alone', async () => {
    const args = ['listen', '--input', sound, '--json', '--noise', 'white', '--eta', ETA];
    const alone = startWinnow(args, { WINNOW_HOME: winnow.home });
    await wait(SETTLE_MS + WATCHED_MS);
    await alone.stop();
    const { latencyMsP50, latencyMsP95, late, dropped } = alone.json().at(-1) as Record<string, number>;
    measured['no picture'] = {
      latencyMsP50: latencyMsP50!,
      latencyMsP95: latencyMsP95!,
      lateBlocks: late!,
      droppedBlocks: dropped!,
    };
    expect(dropped).toBe(0);
  });

  it.each([
    ['7', 'Settings'],
    ['1', 'Listen'],
    ['2', 'Robustness'],
    ['3', 'Sparsity'],
  ])('with the picture of screen %s: %s', async (key, screen) => {
    const { page } = winnow;
    await page.locator('body').press(key);
    await page.locator('body').press('Space');
    await winnow.status(/Listening: /);
    await wait(SETTLE_MS);
    const frames = summary((await page.evaluate(WATCH)) as number[]);
    const engine = await engineFigures();
    measured[screen] = { ...frames, ...engine };
    expect(frames.framesPerSecond).toBeGreaterThan(0);
    expect(engine.droppedBlocks).toBe(0);
    await page.locator('body').press('Space');
    await winnow.status('Not listening');
  });
});
