import type { BenchLayer, BenchMachine } from '../../shared/bench.js';
import { denseMultiplies, layerShapes } from '../network/shapes.js';
import { bytesTouched } from './bytes-touched.js';
import { meanActivity, type Peer } from './peer.js';

/** Windows and rounds that a layer's median is taken over. */
const PROFILED_WINDOWS = 64;
const ROUNDS = { quick: 40, thorough: 400 } as const;
/** Which of the peaks for reading weights are compared with: those of the second cache, where they lie. */
const CACHE_LEVEL = 1;

/**
 * Times the layers of a network in an engine that can tell, one thread, batch 1, and says how close each comes to what the machine can
 * do: multiplies against the peak of multiply-adds, bytes against reading from the second cache.
 * @param windows `[window][...input]`
 */
export function profileLayers(peer: Peer, windows: Float32Array, machine: BenchMachine, quick: boolean): BenchLayer[] {
  const { model, dtype, isa, storage } = peer;
  const size = model.spec.input.channels * model.spec.input.height * model.spec.input.width;
  const count = Math.min(PROFILED_WINDOWS, windows.length / size);
  const some = windows.subarray(0, count * size);
  const seconds = peer.profile?.(some, count, quick ? ROUNDS.quick : ROUNDS.thorough);
  if (!seconds) return [];
  const activity = meanActivity(peer, some, count);
  const peaks = machine.peaks.find((candidate) => candidate.isa === isa && candidate.threads === 1);
  const peak = dtype === 'int8' ? peaks?.multiplyAdds8PerSecond : peaks?.multiplyAddsPerSecond;
  const shapes = layerShapes(model.spec);
  return shapes.map((shape, i): BenchLayer => {
    const { active, multiplies } = activity[i]!;
    const before = i === 0 ? undefined : { shape: shapes[i - 1]!, active: activity[i - 1]!.active };
    const bytes = bytesTouched(storage, dtype, shape, model.layers[i]!, { active, multiplies }, before);
    const second = seconds[i]!;
    return {
      event: 'layer',
      preset: model.name,
      dtype,
      isa,
      layer: shape.spec.name,
      us: 1e6 * second,
      multiplies,
      denseMultiplies: denseMultiplies(shape),
      bytesTouched: bytes,
      ofPeakMultiplies: peak ? multiplies / second / peak : null,
      ofCacheBandwidth: peaks ? bytes / second / peaks.reads[CACHE_LEVEL]!.bytesPerSecond : null,
    };
  });
}
