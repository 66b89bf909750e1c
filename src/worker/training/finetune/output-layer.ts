import type { LinearLayer, NetworkSpec } from '../../../shared/network.js';
import { UNKNOWN_LABEL, type LayerTensors, type Model } from '../../network/model.js';

/** How far a new word's unit lies below the unit that it begins as: it must win its first points by what it learns. */
const NEW_BIAS = -1;

/**
 * A model with one more output for each of `words` that it does not have. A new unit begins as a copy of the unit of unknown
 * words (which is what the network has called the word so far), slightly less inclined to speak; without such a unit it begins
 * as the mean of all. So the answers for everything else stay the same to begin with.
 */
export function withOutputsFor(model: Model, words: readonly string[]): Model {
  const added = words.filter((word) => !model.labels.includes(word));
  if (added.length === 0) return model;
  const last = model.layers.at(-1)!;
  const units = model.labels.length;
  const fanIn = last.weight.length / units;
  const unknown = model.labels.indexOf(UNKNOWN_LABEL);
  const row = unknown >= 0 ? last.weight.slice(unknown * fanIn, (unknown + 1) * fanIn) : meanRow(last.weight, units, fanIn);
  const bias = unknown >= 0 ? last.bias[unknown]! : last.bias.reduce((sum, value) => sum + value, 0) / units;

  const labels = [...model.labels, ...added];
  const weight = new Float32Array(labels.length * fanIn);
  weight.set(last.weight);
  const newBias = new Float32Array(labels.length);
  newBias.set(last.bias);
  added.forEach((_, i) => {
    weight.set(row, (units + i) * fanIn);
    newBias[units + i] = bias + NEW_BIAS;
  });
  const output: LayerTensors = { weight, bias: newBias };
  if (last.mask) output.mask = grownMask(last.mask, weight, units, fanIn);
  return {
    ...model,
    labels,
    spec: withUnits(model.spec, labels.length),
    layers: [...model.layers.slice(0, -1), output],
  };
}

/** The spec with as many outputs. */
export function withUnits(spec: NetworkSpec, units: number): NetworkSpec {
  const last = spec.layers.at(-1) as LinearLayer;
  return { ...spec, layers: [...spec.layers.slice(0, -1), { ...last, units }] };
}

function meanRow(weight: Float32Array, units: number, fanIn: number): Float32Array {
  const row = new Float32Array(fanIn);
  for (let unit = 0; unit < units; unit++) for (let i = 0; i < fanIn; i++) row[i]! += weight[unit * fanIn + i]! / units;
  return row;
}

/** A new unit has the connections of the unit that it copies: those of its non-zero weights, as many as any other unit. */
function grownMask(mask: Uint8Array, weight: Float32Array, units: number, fanIn: number): Uint8Array {
  const grown = new Uint8Array(weight.length);
  grown.set(mask);
  const connections = mask.subarray(0, fanIn).reduce((sum, bit) => sum + bit, 0);
  for (let unit = units; unit < weight.length / fanIn; unit++) {
    const order = Array.from({ length: fanIn }, (_, i) => i).sort(
      (a, b) => Math.abs(weight[unit * fanIn + b]!) - Math.abs(weight[unit * fanIn + a]!) || a - b,
    );
    const kept = new Set(order.slice(0, connections));
    for (let i = 0; i < fanIn; i++) {
      if (kept.has(i)) grown[unit * fanIn + i] = 1;
      else weight[unit * fanIn + i] = 0;
    }
  }
  return grown;
}
