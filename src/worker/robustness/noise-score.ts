import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NoiseSettings } from '../../shared/contract.js';
import type { NoiseCurve, NoiseScore } from '../../shared/study.js';
import { noiseRecording, recordingOf } from '../audio/noise.js';
import { createBatchExtractor } from '../features/batch.js';
import type { Backend } from '../network/backend.js';
import { loadNative } from '../network/native-loader.js';
import { argmaxRows, evaluationWindows, type MixedNoise } from '../training/evaluation.js';
import { countedItems, uncountedWords, type ListedClips } from './clip-list.js';

/** Windows made and scored at a time: short enough to stop within a second. */
const BATCH_WINDOWS = 64;

export interface NoiseScoreHooks {
  onProgress(done: number, total: number): void;
  /** After every finished level of a model: what is known so far. */
  onPart(score: NoiseScore): void;
  /** Asked between batches. */
  stopped(): boolean;
}

/** The noise as clips take it. @throws WinnowError `audio-...` */
export async function mixedNoise(settings: Pick<NoiseSettings, 'kind' | 'path' | 'room'>): Promise<MixedNoise> {
  const recording = recordingOf(settings);
  const { kind } = settings;
  return recording === undefined ? { kind } : { kind, recording: await noiseRecording(recording) };
}

/**
 * The noise score of some models on the same clips: correct answers of each by level, argmax over all outputs, with each clip's
 * noise following from (seed, clip, eta). Levels are finished one after another by all models; when stopped, the finished ones stay.
 */
export async function noiseScore(
  models: readonly { readonly modelId: string; readonly backend: Backend }[],
  list: ListedClips,
  etas: readonly number[],
  settings: Omit<NoiseSettings, 'eta'>,
  hooks: NoiseScoreHooks,
): Promise<NoiseScore> {
  const noise = await mixedNoise(settings);
  const { engine } = loadNative();
  const runs = models.map(({ modelId, backend }) => ({
    modelId,
    backend,
    items: countedItems(list.clips, backend.model.labels),
    extractor: createBatchExtractor(backend.model.features, engine),
    correct: [] as number[],
  }));
  const total = etas.length * runs.reduce((sum, { items }) => sum + items.length, 0);
  let done = 0;
  const result = (stopped: boolean): NoiseScore => ({
    source: list.title,
    clips: list.clips.length,
    hash: list.hash,
    noise: settings.kind === 'file' ? settings.path! : settings.kind,
    seed: settings.seed,
    etas,
    curves: runs.map(({ modelId, items, correct }) => curve(modelId, items.length, etas, correct)),
    uncounted: uncountedWords(
      list.clips,
      runs.map(({ backend }) => backend.model.labels),
    ),
    stopped,
  });
  hooks.onProgress(0, total);
  for (const eta of etas) {
    for (const run of runs) {
      const { features, labels } = run.backend.model;
      let correct = 0;
      for (let at = 0; at < run.items.length; at += BATCH_WINDOWS) {
        if (hooks.stopped()) return result(true);
        const batch = run.items.slice(at, at + BATCH_WINDOWS);
        const windows = evaluationWindows(batch, eta, settings.seed, features, run.extractor, noise);
        const { logits } = await run.backend.infer(windows, batch.length, { threads: 1 });
        argmaxRows(logits, labels.length).forEach((label, i) => (correct += Number(label === batch[i]!.target)));
        done += batch.length;
        hooks.onProgress(done, total);
        await nextTurn();
      }
      run.correct.push(correct);
      hooks.onPart(result(false));
    }
  }
  return result(false);
}

function curve(modelId: string, clips: number, etas: readonly number[], correct: readonly number[]): NoiseCurve {
  const score = correct.reduce((sum, some) => sum + some, 0);
  const maxScore = clips * correct.length;
  const mean = maxScore > 0 ? score / maxScore : 0;
  return { modelId, clips, eta: etas.slice(0, correct.length), correct: [...correct], score, maxScore, mean };
}
