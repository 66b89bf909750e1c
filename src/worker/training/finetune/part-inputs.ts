import { WINDOW_VALUES } from '../../../shared/features.js';
import type { Model } from '../../network/model.js';
import type { NativeEngine, NativeNetwork } from '../../network/native.js';
import { layerShapes, outputSize } from '../../network/shapes.js';

const BATCH_WINDOWS = 64;

/** Runs the layers that stay as they are: what they make of a window is what the learning part gets. */
export class PartInputs {
  private readonly network: NativeNetwork | null;
  private readonly size: number;

  /** @param first index of the learning part's first layer */
  constructor(
    model: Model,
    private readonly first: number,
    engine: NativeEngine,
    private readonly threads: number,
  ) {
    this.network = first === 0 ? null : new engine.Network(model.spec, model.layers);
    this.size = first === 0 ? WINDOW_VALUES : outputSize(layerShapes(model.spec)[first - 1]!);
  }

  /** `[window][input of the part]` */
  of(windows: Float32Array): Float32Array {
    if (!this.network) return windows;
    const count = windows.length / WINDOW_VALUES;
    const inputs = new Float32Array(count * this.size);
    for (let at = 0; at < count; at += BATCH_WINDOWS) {
      const some = Math.min(BATCH_WINDOWS, count - at);
      const batch = windows.subarray(at * WINDOW_VALUES, (at + some) * WINDOW_VALUES);
      const { traces } = this.network.run(batch, some, this.threads, true);
      traces!.forEach((layers, i) => inputs.set(layers[this.first - 1]!.output, (at + i) * this.size));
    }
    return inputs;
  }
}
