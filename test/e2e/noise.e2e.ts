import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWav } from '../../src/worker/audio/wav.js';
import { Random } from '../../src/worker/training/random.js';
import { CHROMIUM } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import { artefact, leavesOut } from '../helpers/project.js';
import { servedPage } from '../helpers/served-page.js';
import { VirtualMicrophone, missingForMicrophone } from '../helpers/virtual-microphone.js';

const RATE_HZ = 16_000;
const ROOM_SECONDS = 4;
/** Long enough for more than the second that is the least. */
const RECORD_MS = 2_500;
const ETA = '0.3';

/** The hiss of a room, loud enough to be told from silence. */
function hiss(seconds: number): Float32Array {
  const random = new Random(3);
  return Float32Array.from({ length: seconds * RATE_HZ }, () => random.uniform(-0.1, 0.1));
}

const withoutPage = leavesOut('noise in a browser', [CHROMIUM === undefined && 'no Chromium']);
const withoutRoom = leavesOut('noise of a recorded room', [CHROMIUM === undefined && 'no Chromium', missingForMicrophone()]);

describe.skipIf(withoutPage)('noise from a file', () => {
  const winnow = servedPage('noise');

  beforeAll(async () => {
    await winnow.choose('Input', 'demo:');
    await winnow.page.getByRole('slider', { name: 'Noise level eta' }).fill(ETA);
    await winnow.listen();
    await winnow.status(/Listening: /);
    await winnow.choose('Kind of noise', 'file');
  });

  async function give(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(winnow.home, name);
    writeFileSync(path, bytes);
    await winnow.page.getByLabel('Path of the noise file on this computer').fill(path);
    await winnow.page.getByLabel('Path of the noise file on this computer').press('Enter');
  }

  it('[negative] says what is wrong with one that is silent or corrupt, and goes on listening', async () => {
    const alert = winnow.region('Noise').getByRole('alert');
    await give('silent.wav', encodeWav(new Float32Array(RATE_HZ)));
    await alert.getByText('digital silence').waitFor();
    await give('corrupt.wav', encodeWav(hiss(1)).subarray(0, 30));
    await alert.getByText('corrupt.wav').waitFor();
    await winnow.status(/Listening: /);
  });

  it('takes one of another rate, and one that is much shorter than a clip', async () => {
    const { page } = winnow;
    const telephone = Buffer.from(encodeWav(hiss(2), 8_000));
    for (const [name, bytes] of [
      ['telephone.wav', telephone],
      ['short.wav', encodeWav(hiss(0.05))],
    ] as const) {
      await give(name, bytes);
      await expect.poll(() => winnow.region('Noise').getByRole('alert').count()).toBe(0);
      await winnow
        .region('Noise')
        .locator('dd')
        .nth(1)
        .getByText(/^−?\d+\sdB$/)
        .waitFor();
    }
    await page.getByRole('button', { name: 'Hear it' }).click();
    await page.getByRole('button', { name: 'Hear it', disabled: false }).waitFor();
    expect(await winnow.region('Noise').getByRole('alert').count()).toBe(0);
    await winnow.status(/Listening: /);
  });
});

describe.skipIf(withoutRoom)('noise of a room that is recorded from a microphone', () => {
  let microphone: VirtualMicrophone;
  beforeAll(async () => {
    microphone = await VirtualMicrophone.start();
  });
  afterAll(() => microphone?.stop());

  const winnow = servedPage('room', { env: () => microphone.env });

  const rooms = (): string[] => readdirSync(join(winnow.home, 'rooms'));

  it('[negative] keeps no room that is digital silence', async () => {
    const { page } = winnow;
    await winnow.choose('Input', 'microphone:');
    await winnow.choose('Kind of noise', 'room');
    await page.getByRole('button', { name: 'Record the room' }).click();
    await microphone.recorded();
    await wait(RECORD_MS);
    await page.getByRole('button', { name: 'That is enough' }).click();
    await winnow.region('Noise').getByRole('alert').getByText('digital silence').waitFor();
    await page.getByRole('button', { name: 'Record the room' }).waitFor();
  });

  it('is mixed in at the level that the slider says, can be heard, and is there for the noise score', async () => {
    const { page } = winnow;
    const file = join(winnow.home, 'hiss.wav');
    writeFileSync(file, encodeWav(hiss(ROOM_SECONDS)));
    await page.getByRole('button', { name: 'Record the room' }).click();
    await microphone.recorded();
    await microphone.play(file);
    await page.getByRole('button', { name: 'That is enough' }).click();
    await page.getByText('Recorded, and chosen').waitFor();
    expect(rooms()).toHaveLength(1);

    await page.getByRole('slider', { name: 'Noise level eta' }).fill(ETA);
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow
      .region('Noise')
      .locator('dd')
      .nth(1)
      .getByText(/^−?\d+\sdB$/)
      .waitFor();
    await page.screenshot({ path: artefact('room-noise.png') });
    await page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Hear it' }).click();
    await page.getByRole('button', { name: 'Hear it', disabled: false }).waitFor();

    await page.keyboard.press('2');
    await page.getByRole('tab', { name: 'Noise score' }).click();
    await winnow.choose('Noise', 'room');
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.getByRole('heading', { name: /clips that ship\), room noise, seed 1/ }).waitFor();
    await page.getByRole('row', { name: /^commands .*11 of 11/ }).waitFor();
    expect(winnow.complaints).toEqual([]);
  });
});
