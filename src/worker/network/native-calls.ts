import { WinnowError } from '../../shared/errors.js';
import type { LayerActivity } from '../../shared/network.js';
import type { LayerShape } from './model.js';
import type { NativeEngine } from './native.js';
import { loadNative } from './native-loader.js';
import { activationShape, denseMultiplies, tensorSize } from './shapes.js';

/** @throws WinnowError `network-engine` where it is not built */
export function nativeEngine(): NativeEngine {
  const native = loadNative();
  if (!native.engine) throw new WinnowError('network-engine', { reason: native.reason });
  return native.engine;
}

/** Turns whatever the engine throws into an error of the catalogue. */
export function refusable<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WinnowError('network-engine', { reason }, { cause: error });
  }
}

/** What the layers did for one window of a run. */
export function activityOf(
  shapes: readonly LayerShape[],
  window: number,
  active: Uint32Array,
  multiplies: Uint32Array,
): LayerActivity[] {
  return shapes.map((shape, layer) => {
    const at = window * shapes.length + layer;
    return {
      name: shape.spec.name,
      size: tensorSize(activationShape(shape)),
      active: active[at]!,
      multiplies: multiplies[at]!,
      denseMultiplies: denseMultiplies(shape),
    };
  });
}
