import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeSound } from '../../src/worker/audio/decode.js';
import { encodeWav } from '../../src/worker/audio/wav.js';
import { readModelFile } from '../../src/worker/network/model-file.js';
import { loadNative } from '../../src/worker/network/native-loader.js';
import { clipOf } from '../helpers/clips.js';
import { startWinnow, winnow } from '../helpers/command.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { smallDisk } from '../helpers/small-disk.js';
import { missingForMicrophone, VirtualMicrophone } from '../helpers/virtual-microphone.js';
import { whistle } from '../helpers/whistle.js';

const TAKES = 6;
const EPOCHS = 4;
/** Small enough to take seconds, long enough to be killed in. */
const SMALL = ['layers=linear', `epochs=${EPOCHS}`, 'windowsPerWord=60', 'replayWindows=200', 'hardNegatives=0.5'];
/** Several trainings, on a machine that may be doing much else. */
const BUSY_MACHINE_MS = 300_000;
const BREATH_MS = 400;

const home = temporaryFolder('finetune');
const env = { WINNOW_HOME: home.path, WINNOW_CACHE: join(home.path, 'cache') };
afterAll(() => home.remove());

function takes(name: string, count = TAKES): string {
  const folder = join(home.path, name);
  mkdirSync(join(folder, 'whistle'), { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(folder, 'whistle', `${i}.wav`), encodeWav(whistle(i + 1)));
  return folder;
}

const teach = (clips: string, ...more: string[]): string[] => [
  ...['finetune', '--model', 'commands', '--clips', clips, '--threads', '1', '--json'],
  ...SMALL.flatMap((setting) => ['--set', setting]),
  ...more,
];

const without = leavesOut('teaching on the command line', [loadNative().engine === null && 'no native engine']);

describe.skipIf(without)('winnow finetune', { timeout: BUSY_MACHINE_MS }, () => {
  it('[negative] loses nothing but the running epoch when it is killed', async () => {
    const clips = takes('killed');
    const whole = await winnow(teach(clips, '--out', join(home.path, 'whole.safetensors')), env);
    expect(whole.code).toBe(0);

    const out = join(home.path, 'killed-out');
    mkdirSync(out);
    const killed = startWinnow(teach(clips, '--seed', '2', '--out', join(out, 'model.safetensors')), env);
    await killed.line(/"event":"epoch","epoch":2,/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(readdirSync(out)).toEqual([]);

    const again = await winnow(teach(clips, '--seed', '2', '--out', join(out, 'model.safetensors')), env);
    expect(again.code).toBe(0);
    const resumed = again.json.find(({ event }) => event === 'resumed');
    expect(resumed?.epoch).toBeGreaterThanOrEqual(2);
    expect(readdirSync(out)).toEqual(['model.safetensors']);

    const straight = await winnow(teach(clips, '--seed', '2', '--out', join(home.path, 'straight.safetensors')), env);
    expect(straight.json.some(({ event }) => event === 'resumed')).toBe(false);
    const [one, other] = [join(out, 'model.safetensors'), join(home.path, 'straight.safetensors')];
    expect((await readModelFile(one)).layers).toEqual((await readModelFile(other)).layers);
    // Another seed learns something else, so the comparison can fail.
    expect((await readModelFile(one)).layers).not.toEqual((await readModelFile(join(home.path, 'whole.safetensors'))).layers);
  });

  it('teaches a version that is used at once, and goes back to scores that are the same to the last bit', async () => {
    const scores = async (): Promise<unknown> => {
      const { json } = await winnow(['classify', clipOf('yes'), clipOf('stop'), '--json'], env);
      return json.map((line) => line.scores);
    };
    const before = await scores();
    const taught = await winnow(teach(takes('used'), '--use'), env);
    expect(taught.json.at(-1)).toMatchObject({ newWords: [{ word: 'whistle', heldOut: 2 }], oldList: 'shipped' });
    expect(await scores()).not.toEqual(before);
    expect((await winnow(['model', 'use', 'commands'], env)).code).toBe(0);
    expect(await scores()).toEqual(before);
  });

  it('[negative] says that the disk is full, and leaves nothing half-written', async (context) => {
    const disk = smallDisk(200_000);
    if (!disk) return context.skip('a small disk cannot be mounted here');
    try {
      const { code, output } = await winnow(teach(takes('full'), '--out', join(disk.path, 'model.safetensors')), env);
      expect(code).toBe(1);
      expect(output).toContain('model-disk-full');
      expect(readdirSync(disk.path)).toEqual([]);
      const cacheless = await winnow(teach(takes('full'), '--seed', '3', '--out', join(home.path, 'none.safetensors')), {
        ...env,
        WINNOW_CACHE: disk.path,
      });
      expect(cacheless.code).toBe(1);
      expect(cacheless.output).toContain('training-checkpoint-write');
      expect(readdirSync(home.path)).not.toContain('none.safetensors');
    } finally {
      disk.remove();
    }
  });
});

describe('winnow collect', { timeout: BUSY_MACHINE_MS }, () => {
  it('[negative] keeps the takes that fitted when the disk is full, each of them whole', async (context) => {
    const disk = smallDisk(120_000);
    if (!disk) return context.skip('a small disk cannot be mounted here');
    try {
      const full = { WINNOW_HOME: disk.path };
      const { code, output } = await winnow(['collect', 'whistle', '--input', join(takes('many', 12), 'whistle')], full);
      expect(code).toBe(1);
      expect(output).toContain('takes-disk-full');
      const kept = readdirSync(join(disk.path, 'takes', 'whistle'));
      expect(kept.length).toBeGreaterThan(1);
      for (const name of kept) {
        expect(decodeSound(readFileSync(join(disk.path, 'takes', 'whistle', name)), name)).toHaveLength(16_000);
      }
    } finally {
      disk.remove();
    }
  });

  const silent = leavesOut('collecting through a virtual microphone', [missingForMicrophone()]);
  it.skipIf(silent)('records what is said into a microphone, and keeps whole takes when it is killed', async () => {
    const microphone = await VirtualMicrophone.start();
    try {
      const own = { ...microphone.env, WINNOW_HOME: join(home.path, 'collected') };
      const say = async (seed: number): Promise<void> => {
        const file = join(home.path, `said-${seed}.wav`);
        writeFileSync(file, encodeWav(whistle(seed)));
        await microphone.play(file);
        await wait(BREATH_MS);
      };
      const collecting = startWinnow(['collect', 'Whistle', '--takes', '3', '--json'], own);
      await microphone.recorded();
      await wait(BREATH_MS);
      for (const seed of [1, 2, 3, 4]) await say(seed);
      expect(await collecting.ended).toBe(0);
      const lines = collecting.json();
      expect(lines.at(-1)).toMatchObject({ event: 'summary', word: 'whistle', takes: 3 });
      expect(lines.slice(0, 3).map(({ problems }) => problems)).toEqual([[], [], []]);
      const folder = join(home.path, 'collected', 'takes', 'whistle');
      expect(readdirSync(folder)).toHaveLength(3);

      const killed = startWinnow(['collect', 'whistle', '--takes', '9', '--json'], own);
      await microphone.recorded();
      await wait(BREATH_MS);
      const first = killed.line(/"word":"whistle"/);
      for (const seed of [5, 6]) await say(seed);
      await first;
      killed.process.kill('SIGKILL');
      await killed.ended;
      const kept = readdirSync(folder);
      expect(kept.length).toBeGreaterThanOrEqual(4);
      for (const name of kept) expect(decodeSound(readFileSync(join(folder, name)), name)).toHaveLength(16_000);
      // The index goes by the files: every take that was recorded is known, the last one before the end too.
      const newest = kept.map((name) => join(folder, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]!;
      const more = await winnow(['collect', 'whistle', '--input', newest, '--json'], own);
      expect(more.output).toContain('takes-duplicate');
    } finally {
      microphone.stop();
    }
  });
});
