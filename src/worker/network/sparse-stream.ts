import type { ScaledWindow } from '../../shared/features.js';
import type { WindowStream } from './backend.js';
import type { LayerShape, Model } from './model.js';
import type { NativeNetworkOptions, NativeStream } from './native.js';
import { activityOf, nativeEngine, refusable } from './native-calls.js';
import { checkWindows } from './reference.js';
import { checkTensors } from './tensors.js';

/** The native engine on a stream of windows: the first layer is computed for new columns alone. */
export class SparseStream implements WindowStream {
  private readonly stream: NativeStream;
  private readonly shapes: readonly LayerShape[];
  private readonly inputSize: number;
  /** Of the first layer, for a whole window. */
  private readonly fresh: number;

  /** Whether the first layer of this network can be reused. @throws WinnowError `network-engine` where the engine is missing */
  static fits({ spec }: Model): boolean {
    return refusable(() => nativeEngine().Stream.fits(spec));
  }

  /** @throws WinnowError `network-engine` where the engine is missing or refuses, and whatever `checkTensors` throws */
  constructor(model: Model, options: NativeNetworkOptions = {}) {
    this.shapes = checkTensors(model.spec, model.layers);
    const engine = nativeEngine();
    this.stream = refusable(() => new engine.Stream(model.spec, model.layers, options));
    const { channels, height, width } = model.spec.input;
    this.inputSize = channels * height * width;
    const [{ mask, weight }] = model.layers as [Model['layers'][number]];
    const weights = mask ? mask.reduce((sum, exists) => sum + exists, 0) : weight.length;
    this.fresh = weights * this.shapes[0]!.height * this.shapes[0]!.width;
  }

  /** @throws WinnowError `network-input`, or `network-engine` for a value that is not finite */
  async infer({ values, factor, offset }: ScaledWindow): ReturnType<WindowStream['infer']> {
    checkWindows(values, 1, this.inputSize);
    const { logits, active, multiplies } = refusable(() => this.stream.step(values, factor, offset));
    const [first, ...others] = activityOf(this.shapes, 0, active, multiplies);
    return { logits, activity: [{ ...first!, freshMultiplies: this.fresh }, ...others] };
  }
}
