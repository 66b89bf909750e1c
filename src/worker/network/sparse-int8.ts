import type { LayerActivity } from '../../shared/network.js';
import type { InferenceResult, InferOptions, LayerTrace } from './backend.js';
import type { LayerShape } from './model.js';
import type { NativeNetwork, NativeNetworkOptions } from './native.js';
import { activityOf, nativeEngine, refusable } from './native-calls.js';
import { isaOverride } from './native-loader.js';
import { checkQuantised, quantiseInput, type QuantisedModel } from './quantised.js';
import { checkWindows } from './reference.js';

/** The native engine on an 8-bit network; bit for bit what `ReferenceInt8` says. */
export class SparseInt8 {
  readonly detail: string;
  private readonly network: NativeNetwork;
  private readonly shapes: readonly LayerShape[];
  private readonly inputSize: number;

  /** @throws WinnowError `network-quantise`, `network-engine` */
  constructor(
    readonly model: QuantisedModel,
    options: NativeNetworkOptions = {},
  ) {
    this.shapes = checkQuantised(model);
    const engine = nativeEngine();
    this.network = refusable(() => {
      const isa = options.isa ?? isaOverride();
      return new engine.Network(model.spec, model.layers, { quantised: true, ...(isa ? { isa } : {}) });
    });
    this.detail = `native int8, ${this.network.isa}`;
    const { channels, height, width } = model.spec.input;
    this.inputSize = channels * height * width;
  }

  /** @throws WinnowError `network-input` */
  infer(windows: Float32Array, count: number, options: InferOptions = {}): InferenceResult {
    checkWindows(windows, count, this.inputSize);
    return this.inferQuantised(Float32Array.from(quantiseInput(this.model.input, windows)), count, options);
  }

  /** @param windows whole numbers of 0 to 255, as `quantiseInput` makes them */
  inferQuantised(windows: Float32Array, count: number, options: InferOptions = {}): InferenceResult {
    const run = refusable(() => this.network.run(windows, count, options.threads ?? 1, options.trace ?? false));
    const toLogits = (sums: Float32Array): Float32Array => sums.map((sum) => sum * this.model.logitScale);
    const activity: LayerActivity[][] = Array.from({ length: count }, (_, window) =>
      activityOf(this.shapes, window, run.active, run.multiplies),
    );
    const result = { logits: toLogits(run.logits), activity };
    if (!run.traces) return result;
    const last = this.shapes.length - 1;
    const traces: LayerTrace[][] = run.traces.map((window) =>
      window.map((trace, i) => (i === last ? { winners: trace.winners, output: toLogits(trace.output) } : trace)),
    );
    return { ...result, traces };
  }
}
