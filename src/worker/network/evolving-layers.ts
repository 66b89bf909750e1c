import type { NetworkSpec } from '../../shared/network.js';
import { layerShapes, nonZerosPerUnit } from './shapes.js';

/** The layers whose connections may come and go: linear ones with fewer than all, by index. */
export function evolvingLayers(spec: NetworkSpec): number[] {
  return spec.layers.flatMap((layer, i) => (layer.type === 'linear' && layer.weightDensity < 1 ? [i] : []));
}

/** Connections of a layer by its density. */
export function connectionsOf(spec: NetworkSpec, layer: number): number {
  const shape = layerShapes(spec)[layer]!;
  return shape.channels * nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity);
}
