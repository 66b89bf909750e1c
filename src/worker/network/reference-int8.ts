import type { LayerActivity } from '../../shared/network.js';
import type { InferenceResult, InferOptions, LayerTrace } from './backend.js';
import type { LayerShape } from './model.js';
import { checkQuantised, quantiseInput, type QuantisedModel } from './quantised.js';
import { checkWindows } from './reference.js';
import { Int8Layer, traceOf } from './reference-int8-layer.js';
import { activationShape, denseMultiplies, tensorSize } from './shapes.js';

/**
 * The readable 8-bit forward pass: what the native 8-bit kernels and the accelerator agree with, bit for bit, layer by layer
 * (`docs/quantisation.md`).
 */
export class ReferenceInt8 {
  private readonly shapes: readonly LayerShape[];
  private readonly layers: readonly Int8Layer[];

  /** @throws WinnowError `network-quantise` where the model's numbers do not fit its description */
  constructor(readonly model: QuantisedModel) {
    this.shapes = checkQuantised(model);
    this.layers = this.shapes.map((shape, i) => new Int8Layer(shape, model.layers[i]!, i === 0));
  }

  /** @throws WinnowError `network-input` */
  infer(windows: Float32Array, count: number, options: InferOptions = {}): InferenceResult {
    const { channels, height, width } = this.model.spec.input;
    const size = channels * height * width;
    checkWindows(windows, count, size);
    const classes = this.shapes.at(-1)!.channels;
    const logits = new Float32Array(count * classes);
    const activity: LayerActivity[][] = [];
    const traces: LayerTrace[][] = [];
    for (let window = 0; window < count; window++) {
      let values = quantiseInput(this.model.input, windows.subarray(window * size, (window + 1) * size));
      const ofWindow: LayerActivity[] = [];
      const trace: LayerTrace[] = [];
      this.layers.slice(0, -1).forEach((layer, i) => {
        const result = layer.run(values);
        ofWindow.push(this.activityOf(i, result.active, result.multiplies));
        trace.push(traceOf(result));
        values = result.output;
      });
      const { sums, multiplies } = this.layers.at(-1)!.logits(values);
      const output = Float32Array.from(sums, (sum) => sum * this.model.logitScale);
      const winners = Uint32Array.from(sums.keys()).filter((i) => sums[i] !== 0);
      ofWindow.push(this.activityOf(this.layers.length - 1, winners.length, multiplies));
      trace.push({ winners, output });
      logits.set(output, window * classes);
      activity.push(ofWindow);
      traces.push(trace);
    }
    return options.trace ? { logits, activity, traces } : { logits, activity };
  }

  private activityOf(layer: number, active: number, multiplies: number): LayerActivity {
    const shape = this.shapes[layer]!;
    const size = tensorSize(activationShape(shape));
    return { name: shape.spec.name, size, active, multiplies, denseMultiplies: denseMultiplies(shape) };
  }
}
