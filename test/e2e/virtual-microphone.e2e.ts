import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipOf } from '../helpers/clips.js';
import { startWinnow } from '../helpers/command.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { VirtualMicrophone, missingForMicrophone } from '../helpers/virtual-microphone.js';

/** Sound between two words, and after the last one before the recording is stopped. */
const PAUSE_MS = 1_200;

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

  it('hears the words that are played into it, in their order, and loses no sound', async () => {
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
    expect(listening.output.join('\n')).not.toMatch(/error/i);
    expect(code).toBe(0);
    expect(events.filter(({ event }) => event === 'detection').map(({ label }) => label)).toEqual(words);
    const summary = events.at(-1)!;
    expect(summary).toMatchObject({ event: 'summary', dropped: 0, detections: words.length });
    expect(summary.blocks).toBeGreaterThan(100);
  });
});
