import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipOf } from '../helpers/clips.js';
import { winnow } from '../helpers/command.js';
import { temporaryFolder } from '../helpers/project.js';
import { samplesOf, wavOf } from '../helpers/wav.js';

const RATE_HZ = 16_000;
const WORDS = ['yes', 'left', 'stop', 'right'];

describe('the command line on files', () => {
  const home = temporaryFolder('command-line');
  const env = { WINNOW_HOME: home.path };
  const spoken = join(home.path, 'four words.wav');

  beforeAll(() => {
    const pause = new Float32Array(1.5 * RATE_HZ);
    const parts = WORDS.flatMap((word) => [pause, samplesOf(readFileSync(clipOf(word)))]);
    writeFileSync(spoken, wavOf(Float32Array.from([...parts, pause].flatMap((part) => [...part]))));
  });
  afterAll(() => home.remove());

  it('hears the same in a file at real speed and as fast as it can', async () => {
    const fast = await winnow(['listen', '--input', spoken, '--fast', '--json'], env);
    const real = await winnow(['listen', '--input', spoken, '--json'], env);
    const detections = ({ json }: typeof fast) => json.filter(({ event }) => event === 'detection');
    expect([fast.code, real.code]).toEqual([0, 0]);
    expect(detections(fast).map(({ label }) => label)).toEqual(WORDS);
    expect(detections(fast)).toEqual(detections(real));
    expect(real.json.at(-1)).toMatchObject({ event: 'summary', dropped: 0, detections: WORDS.length });
    for (const name of ['seconds', 'blocks', 'dropped', 'detections']) {
      expect(fast.json.at(-1)![name], name).toEqual(real.json.at(-1)![name]);
    }
  });

  it('names the word of each clip, with every layer’s work', async () => {
    const { code, json } = await winnow(['classify', ...WORDS.map(clipOf), '--json'], env);
    expect(code).toBe(0);
    expect(json.map(({ label }) => label)).toEqual(WORDS);
    expect(json[0]).toMatchObject({
      file: clipOf(WORDS[0]!),
      confidence: expect.any(Number),
      scores: expect.objectContaining({ yes: expect.any(Number) }),
      layers: expect.arrayContaining([expect.objectContaining({ name: 'conv2', active: expect.any(Number) })]),
      ms: expect.any(Number),
    });
  });

  it('[negative] refuses what it cannot use: a code, a cause, a next step, status 1 or 2', async () => {
    const empty = join(home.path, 'empty.wav');
    writeFileSync(empty, '');
    for (const args of [
      ['classify', empty],
      ['classify', join(home.path, 'missing.wav')],
      ['listen', '--input', spoken, '--model', 'no-such-model'],
      ['listen', '--no-such-option'],
      ['no-such-command'],
    ]) {
      const { code, output } = await winnow(args, env);
      expect([1, 2], args.join(' ')).toContain(code);
      expect(output, args.join(' ')).toMatch(/error \[[a-z-]+\] .+\n\s+.+/);
    }
  });
});
