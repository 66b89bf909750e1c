import type { BenchLayer, BenchMachine } from '../../shared/bench.js';
import type { Model } from '../network/model.js';
import type { Isa } from '../network/native.js';
import { denseMultiplies, layerShapes } from '../network/shapes.js';
import { bytesTouched } from './bytes-touched.js';
import { meanActivity, nativePeer, openNative } from './peer.js';

/** Windows and rounds that a layer's median is taken over. */
const PROFILED_WINDOWS = 64;
const ROUNDS = { quick: 40, thorough: 400 } as const;
/** Which of the peaks for reading weights are compared with: those of the second cache, where they lie. */
const CACHE_LEVEL = 1;

/**
 * Times the layers of a network in the native engine, one thread, batch 1, and says how close each comes to what the machine can
 * do: multiplies against the peak of multiply-adds, bytes against reading from the second cache.
 * @param windows `[window][...input]`
 */
export function profileLayers(
  model: Model,
  isa: Isa,
  windows: Float32Array,
  machine: BenchMachine,
  quick: boolean,
): BenchLayer[] {
  const size = model.spec.input.channels * model.spec.input.height * model.spec.input.width;
  const count = Math.min(PROFILED_WINDOWS, windows.length / size);
  const some = windows.subarray(0, count * size);
  const peer = nativePeer(model, isa);
  const activity = meanActivity(peer, some, count);
  const seconds = openNative(model, isa).profile(some, count, quick ? ROUNDS.quick : ROUNDS.thorough);
  const peak = machine.peaks.find((candidate) => candidate.isa === isa && candidate.threads === 1);
  const shapes = layerShapes(model.spec);
  return shapes.map((shape, i): BenchLayer => {
    const { active, multiplies } = activity[i]!;
    const before = i === 0 ? undefined : { shape: shapes[i - 1]!, active: activity[i - 1]!.active };
    const bytes = bytesTouched(peer.storage, peer.dtype, shape, model.layers[i]!, { active, multiplies }, before);
    const second = seconds[i]!;
    return {
      event: 'layer',
      preset: model.name,
      dtype: peer.dtype,
      isa,
      layer: shape.spec.name,
      us: 1e6 * second,
      multiplies,
      denseMultiplies: denseMultiplies(shape),
      bytesTouched: bytes,
      ofPeakMultiplies: peak ? multiplies / second / peak.multiplyAddsPerSecond : null,
      ofCacheBandwidth: peak ? bytes / second / peak.reads[CACHE_LEVEL]!.bytesPerSecond : null,
    };
  });
}
