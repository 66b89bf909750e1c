import { parentPort, workerData } from 'node:worker_threads';
import type { CalibrationReport } from '../../shared/calibration.js';
import type { DecisionSettings, StudyJob } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { NoiseScore } from '../../shared/study.js';
import type { Backend } from '../network/backend.js';
import { openBackend } from '../network/backends.js';
import { ModelRegistry } from '../network/registry.js';
import { CalibrationSounds } from './calibration-sounds.js';
import { calibrate } from './calibrate.js';
import { openClips } from './clip-list.js';
import { noiseScore } from './noise-score.js';
import { STOP_MESSAGE } from './study-run.js';

export interface StudyWork {
  readonly job: StudyJob;
  /** For a calibration: what is replayed. */
  readonly decision: DecisionSettings;
}

/** From the worker to whoever started it. */
export type StudyMessage =
  | { readonly type: 'progress'; readonly phase: string; readonly done: number; readonly total: number; readonly unit: string }
  | { readonly type: 'part'; readonly score: NoiseScore }
  | { readonly type: 'score'; readonly score: NoiseScore }
  | { readonly type: 'calibration'; readonly calibration: CalibrationReport }
  | { readonly type: 'error'; readonly error: ErrorReport };

const port = parentPort;
if (port) {
  const post = (message: StudyMessage): void => port.postMessage(message);
  let stopRequested = false;
  port.on('message', (message: unknown) => {
    if (message === STOP_MESSAGE) stopRequested = true;
  });
  run(workerData as StudyWork, post, () => stopRequested)
    .catch((error: unknown) => post({ type: 'error', error: WinnowError.from(error).report() }))
    .finally(() => port.close());
}

async function run({ job, decision }: StudyWork, post: (message: StudyMessage) => void, stopped: () => boolean): Promise<void> {
  const backends: { modelId: string; backend: Backend }[] = [];
  const onClips = (done: number, total: number): void =>
    post({ type: 'progress', phase: 'decoding', done, total, unit: 'clips' });
  const open = async (id: string): Promise<Backend> => {
    const { backend } = await openBackend('sparse', (await new ModelRegistry().open(id)).model);
    backends.push({ modelId: id, backend });
    return backend;
  };
  try {
    if (job.kind === 'calibration') {
      const backend = await open(job.model);
      const { data, recordings } = job;
      const source = { recordings, ...(data === undefined ? {} : { data }) };
      const sounds = await CalibrationSounds.open(source, backend.model.labels, onClips);
      try {
        const units = { listening: 'stretches', deciding: 'settings' };
        const calibration = await calibrate(backend, job.model, sounds.tracks, decision, {
          onProgress: (phase, done, total) => post({ type: 'progress', phase, done, total, unit: units[phase] }),
          stopped,
        });
        post({ type: 'calibration', calibration });
      } finally {
        sounds.close();
      }
      return;
    }
    for (const id of job.models) await open(id);
    const list = await openClips(job.source, onClips);
    try {
      const score = await noiseScore(backends, list, job.etas, job.noise, {
        onProgress: (done, total) => post({ type: 'progress', phase: 'judging', done, total, unit: 'windows' }),
        onPart: (part) => post({ type: 'part', score: part }),
        stopped,
      });
      post({ type: 'score', score });
    } finally {
      list.close();
    }
  } finally {
    for (const { backend } of backends) await backend.close();
  }
}
