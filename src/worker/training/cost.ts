import type { NetworkSpec } from '../../shared/network.js';
import type { NativeNetwork } from '../network/native.js';
import { denseMultiplies, layerShapes } from '../network/shapes.js';

/** Products of one inference, by layer. */
export interface Cost {
  /** Of an existing weight and an active input, mean over the windows it was measured on. */
  readonly multiplies: readonly number[];
  /** What a dense network of the same shape computes. */
  readonly denseMultiplies: readonly number[];
}

/** Measures what a network computes. @param windows `[window][band][frame]` */
export function measureCost(
  spec: NetworkSpec,
  network: NativeNetwork,
  windows: Float32Array,
  count: number,
  threads: number,
): Cost {
  const { multiplies } = network.run(windows, count, threads, false);
  const layers = spec.layers.length;
  const sums = new Array<number>(layers).fill(0);
  multiplies.forEach((products, i) => (sums[i % layers]! += products));
  return { multiplies: sums.map((sum) => sum / count), denseMultiplies: layerShapes(spec).map(denseMultiplies) };
}
