import { WinnowError } from '../../shared/errors.js';
import type { Backend } from './backend.js';
import { BATCH_NORM_EPSILON, type LayerShape, type LayerTensors, type Model } from './model.js';
import { ONNX_INPUT, ONNX_OUTPUT } from './onnx-export.js';
import { OnnxGraph } from './onnx-graph.js';
import { roundHalfEven } from './rounding.js';
import { checkTensors } from './tensors.js';

/** Smallest and largest value of a tensor, zero always between them. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What flows through a network on typical windows: its input, and by layer the output after activation and pool. */
export interface Calibration {
  readonly input: Range;
  readonly layers: readonly Range[];
}

/** How real values become unsigned bytes: real = scale x (byte - zero). */
interface Scale {
  readonly scale: number;
  readonly zero: number;
}

const BYTE_MAX = 255;
/** Weights use -127 .. 127, so that the scale is the same on both sides of zero. */
const WEIGHT_MAX = 127;
/** Windows per call: traces are large. */
const CALIBRATION_BATCH = 32;
/** A tensor that is zero throughout still needs a scale. */
const RANGE_LEAST = 1e-6;

/**
 * Measures the ranges on some windows.
 * @param backend of the model in float32, one that gives traces @param windows `[window][...input]`
 */
export async function calibrate(backend: Backend, windows: Float32Array, count: number): Promise<Calibration> {
  const size = windows.length / count;
  const layers = backend.model.spec.layers.map((): Range => ({ low: 0, high: 0 }));
  for (let at = 0; at < count; at += CALIBRATION_BATCH) {
    const some = Math.min(CALIBRATION_BATCH, count - at);
    const { traces } = await backend.infer(windows.subarray(at * size, (at + some) * size), some, { trace: true });
    for (const trace of traces!) trace.forEach(({ output }, i) => (layers[i] = widened(layers[i]!, output)));
  }
  return { input: widened({ low: 0, high: 0 }, windows.subarray(0, count * size)), layers };
}

function widened({ low, high }: Range, values: Float32Array): Range {
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/**
 * The network as a statically quantised ONNX graph for ONNX Runtime: 8-bit weights with a scale per channel, 8-bit activations,
 * sums in 32 bits, the same input and output (float32) as the plain export. Batch norm goes into the weights; ReLU is where the
 * bytes begin, at zero. QGemm is an operator of ONNX Runtime's own.
 * @throws WinnowError `onnx-quantise` for a layer that is neither ReLU nor without activation
 */
export function exportQuantisedOnnx(model: Model, calibration: Calibration): Uint8Array {
  const shapes = checkTensors(model.spec, model.layers);
  const graph = new OnnxGraph();
  const { channels, height, width } = model.spec.input;
  const input = graph.input(ONNX_INPUT, ['batch', channels, height, width]);
  let scale = bytesOf(calibration.input);
  let value = graph.node('QuantizeLinear', [input, ...scaleInputs(graph, 'input', scale)]);
  let flat = false;
  shapes.forEach((shape, i) => {
    if (shape.spec.type === 'linear' && !flat) {
      value = graph.node('Flatten', [value], { axis: { i: 1 } });
      flat = true;
    }
    const last = i === shapes.length - 1;
    const output = last ? undefined : bytesOf(outputRange(shape, calibration.layers[i]!));
    value = addLayer(graph, shape, model.layers[i]!, value, scale, output);
    if (output) scale = output;
  });
  graph.output(value, ONNX_OUTPUT, ['batch', shapes.at(-1)!.channels]);
  return graph.encode(`${model.name}-int8`, { 'winnow.labels': JSON.stringify(model.labels) });
}

function outputRange({ spec }: LayerShape, measured: Range): Range {
  if (spec.activation.kind === 'relu') return { low: 0, high: measured.high };
  if (spec.activation.kind === 'none') return measured;
  throw new WinnowError('onnx-quantise', { layer: spec.name, reason: `its activation is ${spec.activation.kind}` });
}

function bytesOf({ low, high }: Range): Scale {
  const scale = Math.fround(Math.max(high - low, RANGE_LEAST) / BYTE_MAX);
  return { scale, zero: Math.min(BYTE_MAX, Math.max(0, roundHalfEven(-low / scale))) };
}

function scaleInputs(graph: OnnxGraph, name: string, { scale, zero }: Scale): [string, string] {
  return [graph.numbers(`${name}.scale`, Float32Array.of(scale), []), graph.quantised(`${name}.zero`, Uint8Array.of(zero), [])];
}

function addLayer(
  graph: OnnxGraph,
  shape: LayerShape,
  tensors: LayerTensors,
  value: string,
  input: Scale,
  output: Scale | undefined,
): string {
  const { spec, channels, fanIn, inputChannels } = shape;
  const { name } = spec;
  const { weights, scales, biases } = quantisedWeights(shape, tensors, input.scale);
  const sides = spec.type === 'conv' ? [channels, inputChannels, spec.kernel, spec.kernel] : [channels, fanIn];
  const weighing = [
    value,
    ...scaleInputs(graph, `${name}.in`, input),
    graph.quantised(`${name}.weight`, weights, sides),
    graph.numbers(`${name}.weight.scale`, scales, [channels]),
    graph.quantised(`${name}.weight.zero`, new Int8Array(channels), [channels]),
  ];
  const bias = graph.quantised(`${name}.bias`, biases, [channels]);
  const out = output ? scaleInputs(graph, `${name}.out`, output) : [];
  if (spec.type === 'linear')
    return graph.runtimeNode('QGemm', [...weighing, bias, ...out], { transB: { i: 1 } }, `${name}.sums`);
  const convolved = graph.node('QLinearConv', [...weighing, ...out, bias], {
    kernel_shape: { ints: [spec.kernel, spec.kernel] },
  });
  if (spec.pool === 1) return convolved;
  const pool = { ints: [spec.pool, spec.pool] };
  return graph.node('MaxPool', [convolved], { kernel_shape: pool, strides: pool });
}

/** Weights with batch norm taken in, quantised by channel, and biases in units of input scale x weight scale. */
function quantisedWeights({ channels, fanIn }: LayerShape, { weight, bias, mean, variance }: LayerTensors, inputScale: number) {
  const weights = new Int8Array(channels * fanIn);
  const scales = new Float32Array(channels);
  const biases = new Int32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const factor = variance ? 1 / Math.sqrt(variance[channel]! + BATCH_NORM_EPSILON) : 1;
    const row = weight.subarray(channel * fanIn, (channel + 1) * fanIn);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value * factor)), RANGE_LEAST);
    const scale = Math.fround(largest / WEIGHT_MAX);
    scales[channel] = scale;
    row.forEach((value, i) => (weights[channel * fanIn + i] = roundHalfEven((value * factor) / scale)));
    biases[channel] = roundHalfEven(((bias[channel]! - (mean?.[channel] ?? 0)) * factor) / (inputScale * scale));
  }
  return { weights, scales, biases };
}
