import type { NoiseSettings } from '../../shared/contract.js';
import type { ClipJudgement, JudgedClip } from '../../shared/study.js';
import { encodeWav } from '../audio/wav.js';
import { blendSnrDb } from '../recognizer/level.js';
import { NOISE_RMS } from '../audio/noise.js';
import { CLIP_SAMPLES } from '../../shared/features.js';
import { createBatchExtractor } from '../features/batch.js';
import type { Backend } from '../network/backend.js';
import { loadNative } from '../network/native-loader.js';
import { softmax } from '../recognizer/decision.js';
import { classOf, isWord } from '../training/dataset.js';
import { argmaxRows, evaluationSound, evaluationWindows, type MixedNoise } from '../training/evaluation.js';
import { rms } from '../training/noise-recordings.js';
import type { ListedClip } from './clip-list.js';

/**
 * What some models make of one clip's own window with the clip's own noise: the same sound, noise and argmax as in the noise
 * score, so that counting these answers gives that score.
 */
export async function judgeClip(
  clip: ListedClip,
  models: readonly { readonly modelId: string; readonly backend: Backend }[],
  noise: MixedNoise,
  { eta, seed }: Pick<NoiseSettings, 'eta' | 'seed'>,
  withSound: boolean,
): Promise<JudgedClip> {
  const { engine } = loadNative();
  const item = { key: clip.key, target: -1, sound: clip.sound };
  const judged: ClipJudgement[] = [];
  for (const { modelId, backend } of models) {
    const { labels, features } = backend.model;
    const extractor = createBatchExtractor(features, engine);
    const windows = evaluationWindows([item], eta, seed, features, extractor, noise);
    const { logits, activity } = await backend.infer(windows, 1, { threads: 1 });
    const best = argmaxRows(logits, labels.length)[0]!;
    const target = classOf(clip.word, labels);
    judged.push({
      modelId,
      labels,
      scores: softmax(logits),
      label: labels[best]!,
      correct: target >= 0 && isWord(labels[target]!) ? best === target : null,
      layers: activity[0]!,
    });
  }
  const clean = new Float32Array(CLIP_SAMPLES);
  clip.sound(clean);
  const snrDb = eta > 0 ? blendSnrDb(rms(clean), NOISE_RMS, eta) : null;
  const result: JudgedClip = { key: clip.key, word: clip.word, eta, snrDb, models: judged };
  const first = models[0];
  if (!withSound || !first) return result;
  const sound = evaluationSound([item], eta, seed, first.backend.model.features, noise);
  return { ...result, wavBase64: Buffer.from(encodeWav(sound)).toString('base64') };
}
