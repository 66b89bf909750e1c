import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/helpers/project.js';
import { writeTinyData } from '../../../test/helpers/tiny-data.js';
import { toneModel } from '../../../test/helpers/tones.js';
import { LIVE_FEATURES } from '../../shared/features.js';
import type { NoiseScore } from '../../shared/study.js';
import { encodeWav } from '../audio/wav.js';
import { createBatchExtractor } from '../features/batch.js';
import { loadNative } from '../network/native-loader.js';
import { ReferenceBackend } from '../network/reference.js';
import { ClipStore } from '../training/clip-store.js';
import { clipsOf, listData } from '../training/dataset.js';
import { clipItems, evaluate } from '../training/evaluation.js';
import { openClips } from './clip-list.js';
import { judgeClip } from './judge.js';
import { mixedNoise, noiseScore } from './noise-score.js';

const ETAS = [0, 0.1, 0.5];
const WHITE = { kind: 'white', seed: 7 } as const;

describe('the noise score in the background', () => {
  const folder = temporaryFolder('noise-score');
  const data = path.join(folder.path, 'data');
  // Knows the data's words by their pitches, and not its third word.
  const backend = new ReferenceBackend({ ...toneModel(), labels: ['no', 'yes', '_silence_'] });
  const models = [{ modelId: 'tones', backend }];
  const ready = { onProgress: () => undefined, onPart: () => undefined, stopped: () => false };

  beforeAll(() => {
    process.env.WINNOW_CACHE = path.join(folder.path, 'cache');
    writeTinyData(data, { train: 1, val: 1, test: 4 });
  });
  afterAll(() => {
    delete process.env.WINNOW_CACHE;
    folder.remove();
  });

  it('equals what evaluation measures, and what judging the clips one by one counts', async () => {
    const list = await openClips({ kind: 'folder', path: data });
    const score = await noiseScore(models, list, ETAS, WHITE, ready);

    const listing = await listData(data);
    const clips = await ClipStore.open(listing, clipsOf(listing, 'test'));
    const measured = await evaluate({
      labels: backend.model.labels,
      features: LIVE_FEATURES,
      items: clipItems(clips, backend.model.labels),
      extractor: createBatchExtractor(LIVE_FEATURES, loadNative().engine),
      logits: async (windows, count) => (await backend.infer(windows, count)).logits,
      etas: ETAS,
      seed: WHITE.seed,
    });
    clips.close();
    const [curve] = score.curves;
    expect(curve!.clips).toBe(8);
    expect(curve!.correct.map((correct) => correct / 8)).toEqual(measured.noise!.accuracy);
    expect([curve!.score, curve!.maxScore, curve!.mean]).toEqual([
      measured.noise!.score,
      measured.noise!.maxScore,
      measured.noise!.mean,
    ]);
    expect(score.uncounted).toEqual([{ word: 'bird', clips: 4 }]);
    expect(curve!.correct[0]).toBeGreaterThan(curve!.correct[2]!);

    for (const [level, eta] of ETAS.entries()) {
      let right = 0;
      let counted = 0;
      for (const clip of list.clips) {
        const { models: answers } = await judgeClip(clip, models, await mixedNoise(WHITE), { eta, seed: WHITE.seed }, false);
        const { correct } = answers[0]!;
        if (correct === null) continue;
        counted++;
        right += Number(correct);
      }
      expect([right, counted]).toEqual([curve!.correct[level], 8]);
    }
    list.close();
  });

  it('keeps the finished levels when it is stopped', async () => {
    const list = await openClips({ kind: 'folder', path: data });
    const parts: NoiseScore[] = [];
    const score = await noiseScore(models, list, ETAS, WHITE, {
      ...ready,
      onPart: (part) => parts.push(part),
      stopped: () => parts.length === 2,
    });
    list.close();
    expect(score.stopped).toBe(true);
    expect(score.curves[0]!.eta).toEqual(ETAS.slice(0, 2));
    expect(score.curves[0]!.maxScore).toBe(16);
    expect(parts.map((part) => part.curves[0]!.eta.length)).toEqual([1, 2]);
  });

  it('takes noise from a recording of any rate, and refuses one that is silent or broken', async () => {
    const file = (name: string): string => path.join(folder.path, name);
    mkdirSync(folder.path, { recursive: true });
    const hum = Float32Array.from({ length: 800 }, (_, i) => 0.1 * Math.sin(i));
    writeFileSync(file('short.wav'), encodeWav(hum));
    writeFileSync(file('silent.wav'), encodeWav(new Float32Array(16_000)));
    writeFileSync(file('broken.wav'), encodeWav(hum).subarray(0, 30));
    const eightKilohertz = Buffer.from(encodeWav(hum));
    eightKilohertz.writeUInt32LE(8000, 24);
    eightKilohertz.writeUInt32LE(16_000, 28);
    writeFileSync(file('telephone.wav'), eightKilohertz);

    const list = await openClips({ kind: 'folder', path: data });
    for (const [name, samples] of [
      ['short.wav', 800],
      ['telephone.wav', 1600],
    ] as const) {
      const noise = await mixedNoise({ kind: 'file', path: file(name) });
      expect(noise.recording).toHaveLength(samples);
      const { models: answers, snrDb } = await judgeClip(list.clips[0]!, models, noise, { eta: 0.3, seed: 1 }, false);
      expect(answers[0]!.scores.every(Number.isFinite)).toBe(true);
      expect(snrDb).not.toBeNull();
    }
    list.close();
    await expect(mixedNoise({ kind: 'file', path: file('silent.wav') })).rejects.toMatchObject({ code: 'audio-noise-silent' });
    await expect(mixedNoise({ kind: 'file', path: file('broken.wav') })).rejects.toMatchObject({
      code: expect.stringMatching(/^audio-/) as string,
    });
    await expect(mixedNoise({ kind: 'file' })).rejects.toMatchObject({ code: 'audio-noise-file-missing' });
  });
});
