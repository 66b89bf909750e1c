import { WinnowError, type ErrorCode } from '../../shared/errors.js';
import { NetworkSpec, type LayerSpec, type Selection } from '../../shared/network.js';
import type { LayerShape } from './model.js';
import { roundHalfEven } from './rounding.js';
import { winnersPerCompetition } from './selection.js';

/** Largest tensor of one layer, in values: twenty times the published networks' first layer. */
export const TENSOR_VALUES_MAX = 1_048_576;
/** Largest number of weights of a whole network, on masks or not: twenty times the published dense network. */
export const NETWORK_WEIGHTS_MAX = 33_554_432;
/** Most products of one inference, were it dense: 150 times the published dense network, about a second of one core. */
export const NETWORK_MULTIPLIES_MAX = 2_000_000_000;
/** Most competitions in one layer: more than one for each unit of the published networks' first layer. */
export const COMPETITIONS_MAX = 65_536;

/** The tensor that a layer's activation works on. */
export interface TensorShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The sizes of every layer, in order.
 * @throws WinnowError `network-shape` (a kernel or pool that does not fit, a tensor beyond the limits), `network-winners` (an
 * impossible k), `network-density` (units left without a weight), `network-output` (the last layer gives no logits)
 */
export function layerShapes(spec: NetworkSpec): LayerShape[] {
  const shapes: LayerShape[] = [];
  const names = new Set<string>();
  let { channels, height, width } = spec.input;
  let weights = 0;
  let multiplies = 0;
  for (const layer of spec.layers) {
    if (names.has(layer.name)) throw refusal('network-shape', layer, 'two layers have this name');
    names.add(layer.name);
    if (channels * height * width > TENSOR_VALUES_MAX) throw refusal('network-shape', layer, 'its input is too large');
    const shape = layerShape(layer, channels, height, width);
    weights += shape.channels * shape.fanIn;
    if (weights > NETWORK_WEIGHTS_MAX) throw refusal('network-shape', layer, `more than ${NETWORK_WEIGHTS_MAX} weights`);
    multiplies += denseMultiplies(shape);
    if (multiplies > NETWORK_MULTIPLIES_MAX)
      throw refusal('network-shape', layer, `more than ${NETWORK_MULTIPLIES_MAX} multiplies`);
    if (nonZerosPerUnit(shape.fanIn, layer.weightDensity) < 1) {
      throw refusal('network-density', layer, `density ${layer.weightDensity} of ${shape.fanIn} weights leaves none`);
    }
    checkWinners(shape);
    shapes.push(shape);
    channels = shape.channels;
    height = shape.outputHeight;
    width = shape.outputWidth;
  }
  const last = spec.layers[spec.layers.length - 1];
  if (last?.type !== 'linear' || last.activation.kind !== 'none') {
    throw new WinnowError('network-output', { layer: last?.name ?? '?' });
  }
  return shapes;
}

/**
 * Reads a spec from outside: schema, then sizes.
 * @throws WinnowError `network-spec` where the schema is not met, and whatever `layerShapes` throws
 */
export function parseNetworkSpec(value: unknown): NetworkSpec {
  const parsed = NetworkSpec.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'network';
    throw new WinnowError('network-spec', { reason: `${where}: ${issue?.message ?? 'not a network description'}` });
  }
  layerShapes(parsed.data);
  return parsed.data;
}

function layerShape(layer: LayerSpec, inputChannels: number, inputHeight: number, inputWidth: number): LayerShape {
  const input = { spec: layer, inputChannels, inputHeight, inputWidth };
  if (layer.type === 'linear') {
    const fanIn = inputChannels * inputHeight * inputWidth;
    return { ...input, channels: layer.units, height: 1, width: 1, outputHeight: 1, outputWidth: 1, fanIn };
  }
  const height = inputHeight - layer.kernel + 1;
  const width = inputWidth - layer.kernel + 1;
  if (height < 1 || width < 1) {
    throw refusal('network-shape', layer, `a kernel of ${layer.kernel} does not fit an input of ${inputHeight} x ${inputWidth}`);
  }
  const outputHeight = Math.floor(height / layer.pool);
  const outputWidth = Math.floor(width / layer.pool);
  if (outputHeight < 1 || outputWidth < 1) {
    throw refusal('network-shape', layer, `a pool of ${layer.pool} does not fit a map of ${height} x ${width}`);
  }
  if (layer.channels * height * width > TENSOR_VALUES_MAX) {
    throw refusal('network-shape', layer, `more than ${TENSOR_VALUES_MAX} values`);
  }
  const fanIn = inputChannels * layer.kernel * layer.kernel;
  return { ...input, channels: layer.channels, height, width, outputHeight, outputWidth, fanIn };
}

/** The tensor that the activation works on: before the pool or after it, as the layer says. */
export function activationShape(shape: LayerShape): TensorShape {
  const pooled = shape.spec.type === 'conv' && !shape.spec.activationBeforePool;
  return {
    channels: shape.channels,
    height: pooled ? shape.outputHeight : shape.height,
    width: pooled ? shape.outputWidth : shape.width,
  };
}

/** Values of the layer's output, after pooling. */
export function outputSize(shape: LayerShape): number {
  return shape.channels * shape.outputHeight * shape.outputWidth;
}

export function tensorSize(tensor: TensorShape): number {
  return tensor.channels * tensor.height * tensor.width;
}

/** Weights that each unit or filter keeps: the zeros are rounded, halves to even, as in the published networks. */
export function nonZerosPerUnit(fanIn: number, density: number): number {
  return fanIn - roundHalfEven(fanIn * (1 - density));
}

/** Products that a dense network computes in this layer for one input. */
export function denseMultiplies(shape: LayerShape): number {
  return shape.channels * shape.height * shape.width * shape.fanIn;
}

/** Units of one full competition (at a tensor's edge a group or volume may be smaller). */
export function competitionSize(selection: Selection, tensor: TensorShape): number {
  switch (selection.kind) {
    case 'global':
    case 'threshold':
      return tensorSize(tensor);
    case 'local':
      return tensor.channels;
    case 'perChannel':
      return tensor.height * tensor.width;
    case 'volume':
      return selection.channels * selection.height * selection.width;
    case 'group':
      return selection.size;
  }
}

/** How many competitions there are, those at the tensor's edge too. */
export function competitionCount(selection: Selection, tensor: TensorShape): number {
  const { channels, height, width } = tensor;
  switch (selection.kind) {
    case 'global':
    case 'threshold':
      return 1;
    case 'local':
      return height * width;
    case 'perChannel':
      return channels;
    case 'volume':
      return Math.ceil(channels / selection.channels) * Math.ceil(height / selection.height) * Math.ceil(width / selection.width);
    case 'group':
      return Math.ceil(tensorSize(tensor) / selection.size);
  }
}

function checkWinners(shape: LayerShape): void {
  const { spec } = shape;
  if (spec.activation.kind !== 'kWinners') return;
  const { selection, count } = spec.activation;
  const tensor = activationShape(shape);
  const size = competitionSize(selection, tensor);
  if (
    size > tensorSize(tensor) ||
    (selection.kind === 'volume' &&
      (selection.channels > tensor.channels || selection.height > tensor.height || selection.width > tensor.width))
  ) {
    throw refusal('network-winners', spec, `a ${selection.kind} of ${size} units is larger than the layer`);
  }
  if (competitionCount(selection, tensor) > COMPETITIONS_MAX) {
    throw refusal('network-winners', spec, `more than ${COMPETITIONS_MAX} competitions`);
  }
  if ('k' in count && count.k > size) throw refusal('network-winners', spec, `${count.k} winners among ${size} units`);
  if (selection.kind !== 'threshold' && winnersPerCompetition(count, size) < 1) {
    throw refusal('network-winners', spec, `no winner among ${size} units`);
  }
}

function refusal(code: ErrorCode, layer: LayerSpec, reason: string): WinnowError {
  return new WinnowError(code, { layer: layer.name, reason });
}
