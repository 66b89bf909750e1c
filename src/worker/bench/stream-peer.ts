import { CLIP_SAMPLES, LIVE_FEATURES, type ScaledWindow } from '../../shared/features.js';
import { FeatureStream } from '../features/stream.js';
import type { Model } from '../network/model.js';
import type { Isa, NativeStream } from '../network/native.js';
import { nativeEngine } from '../network/native-calls.js';
import type { EvaluationItem } from '../training/evaluation.js';
import { split, type Peer } from './peer.js';

/** Steps of the stream that is timed, eight seconds: its weights' cache lines are met as on the live path. */
const TIMED_STEPS = 256;

/** The native engine on the live path: one clip after the other, a window for every hop. */
export function streamPeer(model: Model, isa: Isa, items: readonly EvaluationItem[]): Peer {
  const { channels, height, width } = model.spec.input;
  const network = (): NativeStream => {
    const engine = nativeEngine();
    return new engine.Stream(model.spec, model.layers, { isa });
  };
  let steps: ScaledWindow[] | undefined;
  const windows = (): ScaledWindow[] => (steps ??= consecutiveWindows(model, items));
  return {
    engine: 'winnow',
    model,
    dtype: 'fp32',
    isa,
    streaming: true,
    storage: 'sparse',
    async open() {
      const stream = network();
      return {
        prepare: () => {
          const all = windows();
          return {
            count: all.length,
            run: (call) => stream.step(all[call]!.values, all[call]!.factor, all[call]!.offset),
          };
        },
        // Clips that have nothing to do with each other: nothing is reused.
        logits: async (clips) => {
          const each = split(clips, channels * height * width).map((window) => stream.step(window, 1, 0).logits);
          return Float32Array.from(each.flatMap((logits) => Array.from(logits)));
        },
        close: async () => undefined,
      };
    },
    activity: () => {
      const stream = network();
      const done = windows().map(({ values, factor, offset }) => stream.step(values, factor, offset));
      return {
        active: Uint32Array.from(done.flatMap(({ active }) => Array.from(active))),
        multiplies: Uint32Array.from(done.flatMap(({ multiplies }) => Array.from(multiplies))),
      };
    },
  };
}

/** @throws RangeError without clips */
export function consecutiveWindows({ features }: Model, items: readonly EvaluationItem[]): ScaledWindow[] {
  if (items.length === 0) throw new RangeError('no clips');
  const { hop } = LIVE_FEATURES;
  const stream = new FeatureStream(features.melBank);
  const clip = new Float32Array(CLIP_SAMPLES);
  const windows: ScaledWindow[] = [];
  for (let i = 0; windows.length < TIMED_STEPS; i++) {
    items[i % items.length]!.sound(clip);
    for (let at = 0; at + hop <= clip.length && windows.length < TIMED_STEPS; at += hop) {
      stream.push(clip.slice(at, at + hop));
      if (stream.ready) windows.push(stream.scaledWindow(features));
    }
  }
  return windows;
}
