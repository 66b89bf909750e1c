import { mkdtempSync, readFileSync, rmSync, statSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourcesFolder } from '../places.js';
import { clipIndex, readClip } from './clips.js';
import { strungTogether } from './strung.js';
import { FedRecorder } from './fed.js';
import { openRecorder } from './open-recorder.js';
import type { PcmBlock, Recorder } from './recorder.js';
import { encodeWav, toInt16 } from './wav.js';

const CLIPS_BYTES_MAX = 2 * 2 ** 20;

let folder: string;
let path: string;
const sound = Float32Array.from({ length: 4000 }, (_, i) => (i - 2000) / 32_768);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winnow-file-'));
  path = join(folder, 'ramp.wav');
  writeFileSync(path, encodeWav(sound));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All blocks of a recorder that ends by itself. */
async function hear(recorder: Recorder, slow = false): Promise<PcmBlock[]> {
  const blocks: PcmBlock[] = [];
  let handling = 0;
  await new Promise<void>((resolve, reject) => {
    const block = async (one: PcmBlock): Promise<void> => {
      blocks.push(one);
      if (!slow) return;
      expect(++handling).toBe(1);
      await new Promise((later) => setImmediate(later));
      handling--;
    };
    recorder.start({ block, end: resolve, error: reject }).catch(reject);
  });
  return blocks;
}

const samplesOf = (blocks: readonly PcmBlock[]): number[] => blocks.flatMap((block) => Array.from(block.samples));

describe('a file', () => {
  it('gives every sample, fast, and waits for a slow listener', async () => {
    const blocks = await hear(openRecorder({ kind: 'file', path }, 'fast'), true);
    expect(samplesOf(blocks)).toEqual(Array.from(sound));
    expect(blocks.map((block) => block.start)).toEqual([0, 512, 1024, 1536, 2048, 2560, 3072, 3584]);
    expect(blocks.every((block) => block.lostBefore === 0)).toBe(true);
  });

  it('gives the same at real speed, no sooner than it sounds', async () => {
    const startedMs = performance.now();
    const blocks = await hear(openRecorder({ kind: 'file', path }));
    expect(samplesOf(blocks)).toEqual(Array.from(sound));
    expect(performance.now() - startedMs).toBeGreaterThan(249);
  });

  it('can be stopped in the middle, and calls nothing afterwards', async () => {
    const recorder = openRecorder({ kind: 'file', path });
    let count = 0;
    const unexpected = (): never => {
      throw new Error('a stopped recorder called');
    };
    await recorder.start({ block: () => void count++, end: unexpected, error: unexpected });
    await recorder.stop();
    const stopped = count;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(count).toBe(stopped);
  });

  it('rejects when it cannot be read', async () => {
    const recorder = openRecorder({ kind: 'file', path: join(folder, 'none.wav') });
    await expect(hear(recorder)).rejects.toMatchObject({ code: 'audio-unreadable' });
  });

  it('reports what the listener throws', async () => {
    const recorder = openRecorder({ kind: 'file', path }, 'fast');
    const failure = new Promise((_, reject) => {
      const block = (): Promise<void> => Promise.reject(new Error('the listener failed'));
      void recorder.start({ block, end: () => undefined, error: reject });
    });
    await expect(failure).rejects.toThrow('the listener failed');
  });
});

describe('the window', () => {
  it('gives what it is fed and counts what was lost', async () => {
    const recorder = openRecorder({ kind: 'window' });
    expect(recorder).toBeInstanceOf(FedRecorder);
    const fed = recorder as FedRecorder;
    const blocks: PcmBlock[] = [];
    await fed.start({ block: (block) => void blocks.push(block), end: () => undefined, error: () => undefined });
    const bytes = new Uint8Array(toInt16(sound.subarray(0, 1024)).buffer);
    fed.feed(bytes, 0);
    fed.feed(bytes, 300);
    expect(blocks.map(({ start, lostBefore }) => [start, lostBefore])).toEqual([
      [0, 0],
      [512, 0],
      [1324, 300],
      [1836, 0],
    ]);
    await fed.stop();
    fed.feed(bytes, 0);
    expect(blocks).toHaveLength(4);
  });
});

describe('the clips that ship', () => {
  it('are eight words by several voices, one second each, in less than 2 MB', async () => {
    const { clips } = await clipIndex();
    const words = ['down', 'go', 'left', 'no', 'right', 'stop', 'up', 'yes'];
    expect([...new Set(clips.map(({ label }) => label))].sort()).toEqual(words);
    for (const word of words) expect(clips.filter(({ label }) => label === word).length).toBeGreaterThanOrEqual(3);
    for (const { name } of clips) expect(await readClip(name)).toHaveLength(16_000);
    const root = join(resourcesFolder(), 'clips');
    const bytes = readdirSync(root).reduce((sum, name) => sum + statSync(join(root, name)).size, 0);
    expect(bytes).toBeLessThan(CLIPS_BYTES_MAX);
  });

  it('have a sequence whose labels lie where it is loud, and nowhere else', async () => {
    const labels = JSON.parse(readFileSync(join(resourcesFolder(), 'clips', 'demo.json'), 'utf8')) as {
      seconds: number;
      words: { label: string; startMs: number; endMs: number; timeMs: number }[];
    };
    const demo = await readClip('demo');
    expect(demo.length / 16_000).toBeCloseTo(labels.seconds, 5);
    const peak = (fromMs: number, toMs: number): number =>
      demo.subarray(fromMs * 16, toMs * 16).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let end = 0;
    for (const { startMs, endMs, timeMs } of labels.words) {
      expect(peak(end + 1, startMs - 1)).toBeLessThan(0.01);
      expect(peak(startMs, endMs)).toBeGreaterThan(0.4);
      expect(timeMs).toBeGreaterThan(startMs);
      expect(timeMs).toBeLessThan(endMs);
      end = endMs;
    }
  });

  it('are played one by one, or all in turn with pauses', async () => {
    const one = await hear(openRecorder({ kind: 'demo', clip: 'yes-anna' }, 'fast'));
    expect(samplesOf(one)).toHaveLength(3 * 16_000);
    const sequence = await hear(openRecorder({ kind: 'demo', clip: 'demo' }, 'fast'));
    expect(samplesOf(sequence)).toEqual(Array.from(await readClip('demo')));
    const all = await hear(openRecorder({ kind: 'demo' }, 'fast'));
    const { clips } = await clipIndex();
    expect(samplesOf(all)).toHaveLength((2 * clips.length + 1) * 16_000);
    await expect(hear(openRecorder({ kind: 'demo', clip: 'no-such' }, 'fast'))).rejects.toMatchObject({
      code: 'audio-clip-unknown',
    });
  });

  it('are laid between pauses of quiet that is not digital silence', () => {
    const { sound: laid, middlesMs } = strungTogether([new Float32Array(16_000).fill(0.5)], 16_000);
    expect(middlesMs).toEqual([1500]);
    expect(laid).toHaveLength(48_000);
    expect(laid[15_999]).not.toBe(0);
    expect(Math.abs(laid[15_999]!)).toBeLessThan(0.005);
    expect(laid[16_000]).toBeGreaterThan(0.49);
  });
});
