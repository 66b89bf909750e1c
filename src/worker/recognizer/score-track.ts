import type { DecisionSettings } from '../../shared/contract.js';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { BLOCK_SAMPLES } from '../audio/recorder.js';
import type { Backend } from '../network/backend.js';
import type { ScoreTrack } from './calibration.js';
import type { ScoredWindow } from './decision.js';
import { Recognizer } from './recognizer.js';

/** What a finished sound scores on the live path, as fast as this machine goes. @throws what the back end throws */
export async function scoreTrack(backend: Backend, decision: DecisionSettings, sound: Float32Array): Promise<ScoreTrack> {
  const windows: ScoredWindow[] = [];
  let failure: unknown;
  const recognizer = new Recognizer(
    [{ modelId: 'scored', backend }],
    decision,
    undefined,
    { scored: (_model, window) => windows.push(window), failed: (error) => (failure = error) },
    true,
  );
  for (let start = 0; start < sound.length; start += BLOCK_SAMPLES) {
    await recognizer.process({ start, samples: sound.slice(start, start + BLOCK_SAMPLES), lostBefore: 0 });
  }
  await recognizer.finish();
  if (failure !== undefined) throw failure;
  return { windows, durationMs: (sound.length / SAMPLE_RATE_HZ) * 1000 };
}
