import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES } from '../../../shared/features.js';
import { finishWindows } from '../../features/window.js';
import { argmaxRows } from '../evaluation.js';
import { samplesPerWindow } from '../premade-epochs.js';
import type { WindowSource } from './windows.js';

/** Windows that are not trained on, to watch the training by. */
export interface Watched {
  readonly windows: Float32Array;
  readonly targets: Int32Array;
}

/** Replayed clips that were kept apart, and the takes as they were spoken, all without change. */
export function watchedWindows({ replay, taught, labels, oldLabels, features, extractor, oldLogits }: WindowSource): Watched {
  const length = samplesPerWindow(features);
  const margin = length === CLIP_SAMPLES ? 0 : CLIP_MARGIN_SAMPLES;
  const takes = taught.flatMap(({ word, takes: of }) => of.map((take) => ({ take, target: labels.indexOf(word) })));
  const count = replay.watched.length + takes.length;
  const samples = new Float32Array(count * length);
  const place = (i: number): Float32Array => samples.subarray(i * length + margin, i * length + margin + CLIP_SAMPLES);
  replay.watched.forEach((clip, i) => replay.read(clip, place(i)));
  takes.forEach(({ take }, i) => place(replay.watched.length + i).set(take));
  const windows = finishWindows(features, extractor.extract(samples, count, length));
  const old = argmaxRows(oldLogits(windows, count), oldLabels);
  const targets = Int32Array.from({ length: count }, (_, i) => {
    const take = takes[i - replay.watched.length];
    if (take) return take.target;
    const known = replay.targets[replay.watched[i]!]!;
    return known >= 0 ? known : old[i]!;
  });
  return { windows, targets };
}

/** Share of them that are heard as they should be. */
export function watchedAccuracy({ targets }: Watched, logits: (count: number) => Float32Array, classes: number): number {
  const heard = argmaxRows(logits(targets.length), classes);
  return targets.filter((target, i) => heard[i] === target).length / targets.length;
}
