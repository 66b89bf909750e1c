import type { Backend, InferenceResult, InferOptions, LayerTrace, WindowStream } from './backend.js';
import type { LayerShape, Model } from './model.js';
import type { Isa, NativeNetwork, NativeNetworkOptions } from './native.js';
import { activityOf, nativeEngine, refusable } from './native-calls.js';
import { isaOverride } from './native-loader.js';
import { checkWindows } from './reference.js';
import { SparseStream } from './sparse-stream.js';
import { checkTensors } from './tensors.js';

/** The native engine: computes only the products of an existing weight and an active input. */
export class SparseBackend implements Backend {
  readonly kind = 'sparse';
  readonly detail: string;
  private readonly network: NativeNetwork;
  private readonly shapes: readonly LayerShape[];
  private readonly inputSize: number;
  private readonly isa: Isa | undefined;

  /**
   * @param options the instruction set; by default what `WINNOW_ISA` names, or the best that the machine has
   * @throws WinnowError `network-engine` where the engine is missing or refuses, and whatever `checkTensors` throws
   */
  constructor(
    readonly model: Model,
    options: NativeNetworkOptions = {},
  ) {
    this.shapes = checkTensors(model.spec, model.layers);
    const engine = nativeEngine();
    this.isa = options.isa ?? isaOverride();
    this.network = refusable(() => new engine.Network(model.spec, model.layers, this.isa ? { isa: this.isa } : {}));
    this.detail = `native, ${this.network.isa}`;
    const { channels, height, width } = model.spec.input;
    this.inputSize = channels * height * width;
  }

  /** @throws WinnowError `network-input`, or `network-engine` for a value that is not finite */
  async infer(windows: Float32Array, count: number, options: InferOptions = {}): Promise<InferenceResult> {
    checkWindows(windows, count, this.inputSize);
    const trace = options.trace ?? false;
    const { logits, active, multiplies, traces } = refusable(() => this.network.run(windows, count, options.threads ?? 1, trace));
    const activity = Array.from({ length: count }, (_, window) => activityOf(this.shapes, window, active, multiplies));
    return traces ? { logits, activity, traces: traces as readonly (readonly LayerTrace[])[] } : { logits, activity };
  }

  openStream(): WindowStream | undefined {
    return SparseStream.fits(this.model) ? new SparseStream(this.model, this.isa ? { isa: this.isa } : {}) : undefined;
  }

  async close(): Promise<void> {
    // The engine's memory goes with the object.
  }
}
