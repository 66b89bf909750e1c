import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipOf } from '../helpers/clips.js';
import { startWinnow } from '../helpers/command.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { VirtualMicrophone, missingForMicrophone } from '../helpers/virtual-microphone.js';

/** Sound between two words, and after the last one before the recording is stopped. */
const PAUSE_MS = 1_200;

/** The pauses alone. */
const LEAST_SECONDS = (3 * PAUSE_MS) / 1000;
const BLOCK_SECONDS = 0.032;

const without = leavesOut('the virtual microphone', [missingForMicrophone()]);

describe.skipIf(without)('a microphone', () => {
  const home = temporaryFolder('microphone-home');
  let microphone: VirtualMicrophone;
  beforeAll(async () => {
    microphone = await VirtualMicrophone.start();
  });
  afterAll(() => {
    microphone?.stop();
    home.remove();
  });

  // Sound at real speed: a machine that is busy with something else for a second loses some of it.
  it('hears the words that are played into it, in their order, and loses no sound', { retry: 1 }, async () => {
    const words = ['yes', 'stop'];
    const listening = startWinnow(['listen', '--input', 'mic', '--json'], { ...microphone.env, WINNOW_HOME: home.path });
    await microphone.recorded();
    await wait(PAUSE_MS);
    for (const word of words) {
      await microphone.play(clipOf(word));
      await wait(PAUSE_MS);
    }
    const code = await listening.stop();
    const events = listening.json();
    const summary = events.at(-1);
    expect({ code, words: events.filter(({ event }) => event === 'detection').map(({ label }) => label), summary }).toEqual({
      code: 0,
      words,
      summary: expect.objectContaining({ event: 'summary', dropped: 0, detections: words.length }),
    });
    // It listened all the time.
    expect(Number(summary?.blocks) * BLOCK_SECONDS).toBeGreaterThan(LEAST_SECONDS);
  });
});
