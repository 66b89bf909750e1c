import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalibrationReport } from '../../src/shared/calibration.js';
import { withDecision } from '../../src/worker/network/model-file.js';
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
    const { code, json } = await winnow(['classify', ...WORDS.map((word) => clipOf(word)), '--json'], env);
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

  it('calibrates: chooses on one part, tells of another, and writes the suggestion into a model that listens by it', async () => {
    const data = join(home.path, 'data');
    for (const [part, speaker] of [
      ['train', 'anna'],
      ['val', 'ben'],
      ['test', 'clara'],
    ] as const) {
      for (const word of WORDS) {
        // A word under another name is one that should not be heard; it is, so thresholds have something to keep out.
        const folder = join(data, part, word === 'stop' ? 'halt' : word);
        mkdirSync(folder, { recursive: true });
        copyFileSync(clipOf(word, speaker), join(folder, `${speaker}_nohash_0.wav`));
      }
    }
    const out = join(home.path, 'calibrated.safetensors');
    const args = ['calibrate', '--model', 'commands', '--data', data, '--wish', 'accepts', '--accepts', '3600', '--out', out];
    const { code, json } = await winnow([...args, '--json'], env);
    expect(code).toBe(0);
    const report = json[0] as unknown as CalibrationReport;
    expect(report.chosenOn).toMatchObject({
      apart: true,
      sounds: [
        { sound: 'words', items: 3 },
        { sound: 'otherWords', items: 1 },
      ],
    });
    expect(report.sounds.map(({ items }) => items)).toEqual([3, 1]);
    expect(report.now.words).toBe(3);
    const { decision, chosen } = report.suggestions.byFalseAccepts.found!;
    expect(chosen.falseAcceptsPerHour).toBeLessThanOrEqual(3600);

    const shown = await winnow(['model', 'show', out, '--json'], env);
    expect(shown.json[0]).toMatchObject({ decision, report: { calibration: { tried: report.tried, chosen } } });
    const before = await winnow(['model', 'show', 'commands', '--json'], env);
    expect(shown.json[0]!.nonZeros).toBe(before.json[0]!.nonZeros);

    const again = await winnow(args, env);
    expect([again.code, again.output]).toEqual([2, expect.stringContaining('model-exists')]);
    // What is written is what listens: with this threshold nothing is ever heard.
    const deaf = join(home.path, 'deaf.safetensors');
    const bytes = withDecision(readFileSync(out), { ...decision, threshold: 1 }, {});
    writeFileSync(deaf, bytes);
    const heard = async (model: string) =>
      (await winnow(['listen', '--input', spoken, '--fast', '--json', '--model', model], env)).json.at(-1)!.detections;
    expect(await heard(deaf)).toBe(0);
    expect(await heard(out)).not.toBe(0);
  });

  it('[negative] refuses what it cannot use: a code, a cause, a next step, status 1 or 2', async () => {
    const empty = join(home.path, 'empty.wav');
    writeFileSync(empty, '');
    for (const args of [
      ['classify', empty],
      ['classify', join(home.path, 'missing.wav')],
      ['listen', '--input', spoken, '--model', 'no-such-model'],
      ['listen', '--no-such-option'],
      ['calibrate', '--model', 'commands'],
      ['calibrate', '--data', join(home.path, 'missing')],
      ['calibrate', '--recording', empty],
      ['calibrate', '--data', home.path, '--wish', 'rejects'],
      ['no-such-command'],
    ]) {
      const { code, output } = await winnow(args, env);
      expect([1, 2], args.join(' ')).toContain(code);
      expect(output, args.join(' ')).toMatch(/error \[[a-z-]+\] .+\n\s+.+/);
    }
  });
});
