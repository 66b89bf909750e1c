import type { KWinners } from '../../shared/network.js';
import { boostFactors, targetDutyCycle } from './boosting.js';
import { BATCH_NORM_EPSILON, type LayerShape, type LayerTensors, type Model } from './model.js';
import { OnnxGraph, type Side } from './onnx-graph.js';
import { competitions, winnersPerCompetition } from './selection.js';
import { activationShape, tensorSize, type TensorShape } from './shapes.js';
import { checkTensors } from './tensors.js';

export const ONNX_INPUT = 'window';
export const ONNX_OUTPUT = 'logits';
const BATCH = 'batch';

type Inside = 'nothing' | 'counts' | 'traces';

export interface OnnxOptions {
  /**
   * What the graph gives out besides the logits: nothing (a file for others), by layer the number of active units where it is
   * not known beforehand (`NAME.active`), or by layer also which units are active and the layer's output (`NAME.mask`,
   * `NAME.output`).
   */
  readonly inside?: Inside;
}

/**
 * The network as a dense ONNX graph: input `window` [batch, channels, height, width], output `logits` [batch, classes].
 * Weights off the mask are zeros. Winners are chosen by TopK on the boosted values, which by its definition prefers the lower
 * index of equal values, and a mask keeps them, so that a winner below zero passes; competitions of a group, volume, channel
 * or position are brought side by side first, in ascending order, so that ties go to the lowest index there too.
 */
export function exportOnnx(model: Model, { inside = 'nothing' }: OnnxOptions = {}): Uint8Array {
  const shapes = checkTensors(model.spec, model.layers);
  const graph = new OnnxGraph();
  const { channels, height, width } = model.spec.input;
  let value = graph.input(ONNX_INPUT, [BATCH, channels, height, width]);
  let flat = false;
  shapes.forEach((shape, i) => {
    if (shape.spec.type === 'linear' && !flat) {
      value = graph.node('Flatten', [value], { axis: { i: 1 } });
      flat = true;
    }
    value = addLayer(graph, shape, model.layers[i]!, value, inside);
  });
  graph.output(value, ONNX_OUTPUT, [BATCH, shapes.at(-1)!.channels]);
  const { name, spec, labels, features } = model;
  return graph.encode(name, {
    'winnow.labels': JSON.stringify(labels),
    'winnow.features': JSON.stringify(features),
    'winnow.spec': JSON.stringify(spec),
  });
}

/** Whether the number of active units follows from the description, so that a graph need not count. */
export function activeByDescription(shape: LayerShape): number | undefined {
  const { activation } = shape.spec;
  if (activation.kind !== 'kWinners' || activation.selection.kind === 'threshold') return undefined;
  const { selection, count, kInferenceFactor } = activation;
  const groups = competitions(selection, activationShape(shape));
  return groups.reduce((sum, group) => sum + winnersPerCompetition(count, group.length, kInferenceFactor), 0);
}

function addLayer(graph: OnnxGraph, shape: LayerShape, tensors: LayerTensors, input: string, inside: Inside): string {
  const { spec, channels } = shape;
  let value = weigh(graph, shape, tensors, input);
  if (tensors.mean && tensors.variance) {
    const statistics = { mean: tensors.mean, variance: tensors.variance };
    const scale = graph.numbers(`${spec.name}.scale`, new Float32Array(channels).fill(1), [channels]);
    const offset = graph.numbers(`${spec.name}.offset`, new Float32Array(channels), [channels]);
    const [mean, variance] = (['mean', 'variance'] as const).map((part) =>
      graph.numbers(`${spec.name}.${part}`, statistics[part], [channels]),
    );
    value = graph.node('BatchNormalization', [value, scale, offset, mean!, variance!], { epsilon: { f: BATCH_NORM_EPSILON } });
  }
  const pool = (tensor: string): string => {
    if (spec.type !== 'conv' || spec.pool === 1) return tensor;
    const sides = { ints: [spec.pool, spec.pool] };
    return graph.node('MaxPool', [tensor], { kernel_shape: sides, strides: sides });
  };
  const late = spec.type === 'conv' && !spec.activationBeforePool;
  const activated = activate(graph, shape, tensors, late ? pool(value) : value);
  const output = late ? activated.value : pool(activated.value);
  if (inside !== 'nothing') giveOut(graph, shape, activated, output, inside);
  return output;
}

function weigh(graph: OnnxGraph, shape: LayerShape, { weight, bias }: LayerTensors, input: string): string {
  const { spec, channels, fanIn, inputChannels } = shape;
  const biases = graph.numbers(`${spec.name}.bias`, bias, [channels]);
  if (spec.type === 'linear') {
    const weights = graph.numbers(`${spec.name}.weight`, weight, [channels, fanIn]);
    return graph.node('Gemm', [input, weights, biases], { transB: { i: 1 } });
  }
  const weights = graph.numbers(`${spec.name}.weight`, weight, [channels, inputChannels, spec.kernel, spec.kernel]);
  return graph.node('Conv', [input, weights, biases], { kernel_shape: { ints: [spec.kernel, spec.kernel] } });
}

interface Activated {
  readonly value: string;
  /** 1 where a unit wins, 0 elsewhere; only where units compete. */
  readonly mask?: string;
}

function activate(graph: OnnxGraph, shape: LayerShape, tensors: LayerTensors, value: string): Activated {
  const { activation } = shape.spec;
  if (activation.kind === 'none') return { value };
  if (activation.kind === 'relu') return { value: graph.node('Relu', [value]) };
  if (activation.kind === 'leakyRelu') return { value: graph.node('LeakyRelu', [value], { alpha: { f: activation.slope } }) };
  const boosted = boost(graph, shape, activation, tensors, value);
  const mask = winnerMask(graph, shape, activation, boosted);
  return { value: graph.node('Mul', [value, mask]), mask };
}

function boost(graph: OnnxGraph, shape: LayerShape, winners: KWinners, { dutyCycle }: LayerTensors, value: string): string {
  const { strength, atInference } = winners.boosting;
  if (!atInference || strength === 0 || !dutyCycle) return value;
  const factors = boostFactors(dutyCycle, targetDutyCycle(winners, activationShape(shape)), strength);
  const sides = shape.spec.type === 'conv' ? [shape.channels, 1, 1] : [shape.channels];
  return graph.node('Mul', [value, graph.numbers(`${shape.spec.name}.boost`, factors, sides)]);
}

function winnerMask(graph: OnnxGraph, shape: LayerShape, winners: KWinners, boosted: string): string {
  const { name } = shape.spec;
  if (winners.selection.kind === 'threshold') {
    const threshold = graph.numbers(`${name}.threshold`, Float32Array.of(winners.selection.value), []);
    return graph.node('Cast', [graph.node('Greater', [boosted, threshold])], { to: { i: 1 } });
  }
  const tensor = activationShape(shape);
  const groups = competitions(winners.selection, tensor);
  const flat = graph.node('Flatten', [boosted], { axis: { i: 1 } });
  // Competitions of equal size are run together, as rows; at a tensor's edge there are smaller ones.
  const sizes = [...new Set(groups.map((group) => group.length))];
  const order: number[] = [];
  const masks = sizes.map((size) => {
    const alike = groups.filter((group) => group.length === size);
    const units = alike.flatMap((group) => [...group]);
    order.push(...units);
    const k = winnersPerCompetition(winners.count, size, winners.kInferenceFactor);
    const part = `${name}.groups${size}`;
    const side = units.every((unit, i) => unit === i) && units.length === tensorSize(tensor);
    const gathered = side ? flat : graph.node('Gather', [flat, graph.integers(`${part}.units`, units)], { axis: { i: 1 } });
    return topMask(graph, part, gathered, alike.length, size, k);
  });
  const together = masks.length === 1 ? masks[0]! : graph.node('Concat', masks, { axis: { i: 1 } });
  return graph.node('Reshape', [
    inOrder(graph, name, together, order),
    graph.integers(
      `${name}.sides`,
      shape.spec.type === 'conv' ? [0, tensor.channels, tensor.height, tensor.width] : [0, tensor.channels],
    ),
  ]);
}

/** The mask of the k largest of each row of `size` values; `values` is [batch, rows x size], and so is the mask. */
function topMask(graph: OnnxGraph, part: string, values: string, rows: number, size: number, k: number): string {
  const shaped = graph.node('Reshape', [values, graph.integers(`${part}.rows`, [0, rows, size])]);
  const zeros = graph.node('ConstantOfShape', [graph.node('Shape', [shaped])], { value: { fill: 0 } });
  const flat = graph.integers(`${part}.flat`, [0, rows * size]);
  if (k === 0) return graph.node('Reshape', [zeros, flat]);
  const [, indices] = graph.nodeWithOutputs(
    'TopK',
    [shaped, graph.integers(`${part}.k`, [k])],
    { axis: { i: 2 }, largest: { i: 1 }, sorted: { i: 1 } },
    [`${part}.largest`, `${part}.winners`],
  );
  const ones = graph.node('ConstantOfShape', [graph.node('Shape', [indices!])], { value: { fill: 1 } });
  return graph.node('Reshape', [graph.node('ScatterElements', [zeros, indices!, ones], { axis: { i: 2 } }), flat]);
}

/** Brings values that stand in the order of `units` back to the order of the tensor. */
function inOrder(graph: OnnxGraph, name: string, values: string, units: readonly number[]): string {
  if (units.every((unit, i) => unit === i)) return values;
  const places = new Array<number>(units.length);
  units.forEach((unit, place) => (places[unit] = place));
  return graph.node('Gather', [values, graph.integers(`${name}.places`, places)], { axis: { i: 1 } });
}

function giveOut(graph: OnnxGraph, shape: LayerShape, activated: Activated, output: string, inside: 'counts' | 'traces'): void {
  const { name, type } = shape.spec;
  const known = activeByDescription(shape) !== undefined;
  if (inside === 'counts' && known) return;
  const zero = (): string => graph.numbers(`${name}.zero`, Float32Array.of(0), []);
  const mask =
    activated.mask ?? graph.node('Cast', [graph.node('Not', [graph.node('Equal', [activated.value, zero()])])], { to: { i: 1 } });
  const sides = ({ channels, height, width }: TensorShape): Side[] =>
    type === 'conv' ? [BATCH, channels, height, width] : [BATCH, channels];
  if (inside === 'traces') {
    graph.output(mask, `${name}.mask`, sides(activationShape(shape)));
    const { channels, outputHeight, outputWidth } = shape;
    graph.output(output, `${name}.output`, sides({ channels, height: outputHeight, width: outputWidth }));
    return;
  }
  const axes = graph.integers(`${name}.axes`, type === 'conv' ? [1, 2, 3] : [1]);
  graph.output(graph.node('ReduceSum', [mask, axes], { keepdims: { i: 0 } }), `${name}.active`, [BATCH]);
}
