import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/helpers/project.js';
import { HIGH_HZ, LOW_HZ, toneModel, toneSound } from '../../../test/helpers/tones.js';
import type { DecisionSettings } from '../../shared/contract.js';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { encodeWav } from '../audio/wav.js';
import { ReferenceBackend } from '../network/reference.js';
import { CalibrationSounds } from './calibration-sounds.js';
import { calibrate } from './calibrate.js';
import { parseWordTimes } from './word-times.js';

const DECISION: DecisionSettings = {
  smoothingMs: 96,
  threshold: 0.7,
  patience: 2,
  patienceOf: 3,
  refractoryMs: 500,
  thresholds: {},
};
const CLIPS = 3;

/** A second of nothing but a tone of half a second: the room is added where clips are strung together. */
function quietTone(hertz: number, startS: number): Float32Array {
  const inside = (i: number): boolean => i >= startS * SAMPLE_RATE_HZ && i < (startS + 0.5) * SAMPLE_RATE_HZ;
  return Float32Array.from({ length: SAMPLE_RATE_HZ }, (_, i) =>
    inside(i) ? 0.5 * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE_HZ) : 0,
  );
}

describe('calibration', () => {
  const folder = temporaryFolder('calibrate');
  const data = path.join(folder.path, 'data');
  const write = (file: string, samples: Float32Array): void => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, encodeWav(samples));
  };
  const backend = new ReferenceBackend(toneModel());
  const { labels } = backend.model;
  const ready = { onProgress: () => undefined, stopped: () => false };

  beforeAll(() => {
    process.env.WINNOW_CACHE = path.join(folder.path, 'cache');
    for (let i = 0; i < CLIPS; i++) {
      write(path.join(data, 'low', `${i}.wav`), quietTone(LOW_HZ, 0.25 + i / 100));
      write(path.join(data, 'high', `${i}.wav`), quietTone(HIGH_HZ, 0.25 + i / 100));
      write(path.join(data, 'hum', `${i}.wav`), new Float32Array(SAMPLE_RATE_HZ).fill(i / 1e5));
    }
  });
  afterAll(() => {
    delete process.env.WINNOW_CACHE;
    folder.remove();
  });

  it('hears the words of a list, and nothing in other sounds', async () => {
    const sounds = await CalibrationSounds.open({ data, recordings: [] }, labels);
    const report = await calibrate(backend, 'tones', sounds.tracks, DECISION, ready);
    sounds.close();
    expect(report.sounds.map(({ sound, items }) => [sound, items])).toEqual([
      ['words', 2 * CLIPS],
      ['otherWords', CLIPS],
    ]);
    expect(report.now).toMatchObject({ threshold: 0.7, words: 2 * CLIPS, falseRejects: 0, falseAccepts: 0 });
    // Three clips of a second with four pauses of half a second: five seconds.
    expect(report.now.hours).toBeCloseTo(5 / 3600, 9);
    // After no event the exact bound of the mean is -ln 0.05.
    expect(report.now.upperBoundPerHour).toBeCloseTo(-Math.log(0.05) / (5 / 3600), 3);
    expect(report.suggestions.byFalseRejects.found).toMatchObject({ point: { falseRejects: 0, falseAccepts: 0 } });
    expect(report.chosenOn).toEqual({ apart: false, sounds: report.sounds });
    const thresholds = report.points.map((point) => point.threshold);
    expect(thresholds).toEqual([...thresholds].sort((a, b) => a - b));
    expect(report.stopped).toBe(false);
  });

  it('chooses on the validation part and judges on the test part', async () => {
    const root = path.join(folder.path, 'parts');
    for (const [part, clips] of [
      ['train', 1],
      ['val', 2],
      ['test', 3],
    ] as const) {
      for (let i = 0; i < clips; i++) {
        write(path.join(root, part, 'low', `${i}.wav`), quietTone(LOW_HZ, 0.3));
        write(path.join(root, part, 'hum', `${i}.wav`), new Float32Array(SAMPLE_RATE_HZ).fill(i / 1e5));
      }
    }
    const sounds = await CalibrationSounds.open({ data: root, recordings: [] }, labels);
    const tried: number[] = [];
    const report = await calibrate(
      backend,
      'tones',
      sounds.tracks,
      { ...DECISION, threshold: 0.999, patience: 30, patienceOf: 30 },
      {
        ...ready,
        onProgress: (phase, done) => phase === 'deciding' && tried.push(done),
      },
    );
    sounds.close();
    expect(report.now).toMatchObject({ words: 3, falseRejects: 3 });
    expect(report.chosenOn.apart).toBe(true);
    expect(report.chosenOn.sounds.map(({ items }) => items)).toEqual([2, 2]);
    const { chosen, point, decision } = report.suggestions.byFalseRejects.found!;
    expect([chosen.words, chosen.falseRejects]).toEqual([2, 0]);
    expect([point.words, point.falseRejects]).toEqual([3, 0]);
    expect(decision.patience).toBeLessThan(30);
    expect(report.tried).toBe(tried.at(-1));
  });

  it('counts a labelled recording both ways, and one without labels as having no word in it', async () => {
    const labelled = path.join(folder.path, 'labelled.wav');
    const silent = path.join(folder.path, 'silent.wav');
    const sound = toneSound(6, [
      [1.5, LOW_HZ],
      [3.5, HIGH_HZ],
    ]);
    write(labelled, sound);
    write(silent, sound);
    writeFileSync(path.join(folder.path, 'labelled.json'), JSON.stringify({ words: [{ label: 'low', timeMs: 1750 }] }));
    const sounds = await CalibrationSounds.open({ recordings: [labelled, silent] }, labels);
    const { now, suggestions } = await calibrate(backend, 'tones', sounds.tracks, DECISION, ready);
    expect(now).toMatchObject({ words: 1, falseRejects: 0, falseAccepts: 3 });
    expect(now.falseAcceptsIn).toEqual({ otherWords: 0, noise: 0, recordings: 3 });
    expect(now.hours).toBeCloseTo(12 / 3600, 9);
    expect(suggestions.byFalseRejects.found).not.toBeNull();
  });

  it('reports what it heard when it is stopped half-way, and suggests nothing for what it did not hear', async () => {
    const sounds = await CalibrationSounds.open({ data, recordings: [] }, labels);
    let heard = 0;
    const report = await calibrate(backend, 'tones', sounds.tracks, DECISION, {
      onProgress: (phase, done) => (heard = phase === 'listening' ? done : heard),
      stopped: () => heard === 1,
    });
    sounds.close();
    expect(report.stopped).toBe(true);
    expect(report.sounds.map(({ sound }) => sound)).toEqual(['words']);
    expect(report.suggestions).toMatchObject({ byFalseAccepts: { found: null }, byFalseRejects: { found: null } });
    expect(report.now.upperBoundPerHour).toBeNull();
  });

  it('refuses what it cannot use, with a code', async () => {
    const stray = path.join(folder.path, 'stray.wav');
    write(stray, toneSound(1, []));
    writeFileSync(path.join(folder.path, 'stray.json'), '{"words": [{"label": "medium", "timeMs": 1}]}');
    await expect(CalibrationSounds.open({ recordings: [stray] }, labels)).rejects.toMatchObject({ code: 'calibration-word' });
    writeFileSync(path.join(folder.path, 'stray.json'), 'no json');
    await expect(CalibrationSounds.open({ recordings: [stray] }, labels)).rejects.toMatchObject({ code: 'calibration-labels' });
    await expect(calibrate(backend, 'tones', [], DECISION, ready)).rejects.toMatchObject({ code: 'calibration-no-sound' });
  });

  it('reads any word times or refuses them with a code', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((words) => JSON.stringify({ words })),
        ),
        (text) => {
          try {
            for (const { timeMs } of parseWordTimes(text, 'x.json')) expect(timeMs).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(WinnowError);
            expect((error as WinnowError).code).toBe('calibration-labels');
          }
        },
      ),
    );
  });
});
