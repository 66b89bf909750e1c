import { WinnowError } from '../../shared/errors.js';
import type { LayerActivity } from '../../shared/network.js';
import type { Backend, InferenceResult, InferOptions, LayerTrace } from './backend.js';
import type { LayerShape, Model } from './model.js';
import { ReferenceLayer } from './reference-layer.js';
import { denseMultiplies } from './shapes.js';
import { checkTensors } from './tensors.js';

export const REFERENCE_DETAIL = 'TypeScript, double-precision sums';

/**
 * The readable forward pass: the numeric truth that the other back ends are checked against, and what runs where there is no
 * native build. One thread; fast enough for the live path because it skips zero inputs and missing weights.
 *
 * Counts: a unit is active when it wins (also with a negative value) or, without winners, when its output is not zero. A
 * product is counted where an existing weight meets an input that is not zero; in the first layer every existing weight counts
 * at every position.
 */
export class ReferenceBackend implements Backend {
  readonly kind = 'reference';
  readonly detail = REFERENCE_DETAIL;
  private readonly shapes: readonly LayerShape[];
  private readonly layers: readonly ReferenceLayer[];
  private readonly inputSize: number;

  /** @throws WinnowError where the model's numbers do not fit its description (`checkTensors`) */
  constructor(readonly model: Model) {
    this.shapes = checkTensors(model.spec, model.layers);
    this.layers = this.shapes.map((shape, i) => new ReferenceLayer(shape, model.layers[i]!, i === 0));
    const { channels, height, width } = model.spec.input;
    this.inputSize = channels * height * width;
  }

  /** @throws WinnowError `network-input` */
  async infer(windows: Float32Array, count: number, options: InferOptions = {}): Promise<InferenceResult> {
    checkWindows(windows, count, this.inputSize);
    const classes = this.shapes[this.shapes.length - 1]!.channels;
    const logits = new Float32Array(count * classes);
    const activity: LayerActivity[][] = [];
    const traces: LayerTrace[][] = [];
    for (let window = 0; window < count; window++) {
      let values = windows.subarray(window * this.inputSize, (window + 1) * this.inputSize);
      const layers: LayerActivity[] = [];
      const trace: LayerTrace[] = [];
      this.layers.forEach((layer, i) => {
        const { active, multiplies, ...inside } = layer.run(values);
        const shape = this.shapes[i]!;
        const { size } = layer;
        layers.push({ name: shape.spec.name, size, active, multiplies, denseMultiplies: denseMultiplies(shape) });
        if (options.trace) trace.push(inside);
        values = inside.output;
      });
      logits.set(values, window * classes);
      activity.push(layers);
      if (options.trace) traces.push(trace);
    }
    return options.trace ? { logits, activity, traces } : { logits, activity };
  }

  async close(): Promise<void> {
    // Holds nothing beyond its memory.
  }
}

/** @throws WinnowError `network-input` where the windows do not have the network's size */
export function checkWindows(windows: Float32Array, count: number, inputSize: number): void {
  if (windows.length === count * inputSize) return;
  throw new WinnowError('network-input', { given: windows.length, wanted: `${count} x ${inputSize}` });
}
