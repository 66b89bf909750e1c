import { WinnowError } from '../../shared/errors.js';
import type { NetworkSpec } from '../../shared/network.js';
import type { LayerShape, LayerTensors } from './model.js';
import { layerShapes } from './shapes.js';

/**
 * Checks that a network's numbers fit its description, before any back end touches them.
 * @returns the shapes, in order
 * @throws WinnowError `network-tensors`, and whatever `layerShapes` throws
 */
export function checkTensors(spec: NetworkSpec, layers: readonly LayerTensors[]): LayerShape[] {
  const shapes = layerShapes(spec);
  if (layers.length !== shapes.length) {
    const reason = `${layers.length} layers for a description of ${shapes.length}`;
    throw new WinnowError('network-tensors', { layer: spec.name, reason });
  }
  shapes.forEach((shape, i) => checkLayer(shape, layers[i]!));
  return shapes;
}

function checkLayer(shape: LayerShape, tensors: LayerTensors): void {
  const { spec, channels, fanIn } = shape;
  const refuse = (reason: string): never => {
    throw new WinnowError('network-tensors', { layer: spec.name, reason });
  };
  const vector = (name: string, values: Float32Array | undefined, wanted: boolean): void => {
    if ((values !== undefined) !== wanted) refuse(wanted ? `${name} is missing` : `it has no place for ${name}`);
    if (values && values.length !== channels) refuse(`${values.length} values of ${name} for ${channels} units`);
    if (values && !allFinite(values)) refuse(`${name} holds a value that is not a number`);
  };
  const { weight, mask } = tensors;
  if (weight.length !== channels * fanIn) refuse(`${weight.length} weights where ${channels * fanIn} belong`);
  if (!allFinite(weight)) refuse('a weight is not a number');
  if (mask) {
    if (mask.length !== weight.length) refuse(`a mask of ${mask.length} for ${weight.length} weights`);
    for (let i = 0; i < mask.length; i++) if (mask[i] === 0 && weight[i] !== 0) refuse('a weight off the mask is not zero');
  }
  vector('bias', tensors.bias, true);
  vector('mean', tensors.mean, spec.batchNorm);
  vector('variance', tensors.variance, spec.batchNorm);
  vector('dutyCycle', tensors.dutyCycle, spec.activation.kind === 'kWinners');
  if (tensors.variance?.some((value) => value < 0)) refuse('a variance is negative');
  if (tensors.dutyCycle?.some((value) => value < 0 || value > 1)) refuse('a duty cycle lies outside 0 to 1');
}

export function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}
