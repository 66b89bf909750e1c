import type { LayerTensors } from '../network/model.js';
import type { Random } from './random.js';

/**
 * Evolving connectivity of linear layers: SET (Mocanu et al. 2018, Alg. 1), LiSET (Radu 2021, Alg. 1) and cosine similarity
 * (Pieterse and Mocanu 2019). A layer's weights are `[unit][input]`; a connection exists where the mask is 1, whatever its weight.
 */
/** A layer whose connections can come and go. */
export type Evolving = LayerTensors & { mask: Uint8Array };

/** LiSET Eq. 1 / SET Alg. 1: connections of an Erdos-Renyi layer, epsilon (inputs + units), at most all of them. */
export function erdosRenyiConnections(inputs: number, units: number, epsilon: number): number {
  return Math.min(Math.round(epsilon * (inputs + units)), inputs * units);
}

/**
 * Removes the fraction `zeta` of the smallest positive and of the largest negative weights (zeros count as positive), each side
 * rounded down. Ties go to the lowest index. Returns the removed positions.
 */
export function removeSmallestWeights(layer: Evolving, zeta: number): Uint32Array {
  const positive: number[] = [];
  const negative: number[] = [];
  for (let i = 0; i < layer.mask.length; i++) {
    if (layer.mask[i]) (layer.weight[i]! < 0 ? negative : positive).push(i);
  }
  const removed = [positive, negative].flatMap((side) => smallest(side, (i) => Math.abs(layer.weight[i]!), zeta));
  return remove(layer, removed);
}

/** Removes the fraction `zeta` of connections whose ends are least alike; `similarity` is `[unit][input]`, compared by magnitude. */
export function removeLeastSimilar(layer: Evolving, zeta: number, similarity: Float32Array): Uint32Array {
  const existing: number[] = [];
  for (let i = 0; i < layer.mask.length; i++) if (layer.mask[i]) existing.push(i);
  return remove(
    layer,
    smallest(existing, (i) => Math.abs(similarity[i]!), zeta),
  );
}

function smallest(positions: number[], size: (position: number) => number, fraction: number): number[] {
  return positions.sort((a, b) => size(a) - size(b) || a - b).slice(0, Math.floor(fraction * positions.length));
}

function remove(layer: Evolving, positions: number[]): Uint32Array {
  for (const i of positions) {
    layer.mask[i] = 0;
    layer.weight[i] = 0;
  }
  return Uint32Array.from(positions).sort();
}

/** New weights are U(-limit, limit). */
export function newWeightLimit(units: number): number {
  return Math.sqrt(1 / units);
}

/**
 * How positions are drawn by their chances: those with the `count` largest keys, made of the chance and of u, uniform in [0, 1).
 *
 * - `ratio`: without replacement in the ratio of the chances (LiSET Eq. 2), exactly: keys u^(1/chance) (Efraimidis and Spirakis
 *   2006).
 * - `product`: keys u x chance, as the published program of LiSET draws. Of many candidates for few places only those near the
 *   largest chance can win: far narrower than Eq. 2.
 */
export const DRAWINGS = ['ratio', 'product'] as const;
export type Drawing = (typeof DRAWINGS)[number];

/**
 * Adds `count` connections among the positions that have none, by `chance(position)` > 0; equal chances are SET's random growth.
 * New weights are U(-sqrt(1/units), sqrt(1/units)). Returns the new positions, ascending; fewer than `count` only where the layer
 * is full.
 */
export function grow(
  layer: Evolving,
  count: number,
  chance: (position: number) => number,
  random: Random,
  drawing: Drawing = 'ratio',
): Uint32Array {
  const empty = new Uint32Array(layer.mask.length);
  const keys = new Float64Array(layer.mask.length);
  let size = 0;
  for (let position = 0; position < layer.mask.length; position++) {
    if (layer.mask[position]) continue;
    empty[size] = position;
    // The ratio's keys are taken as logarithms: u^(1/chance) underflows where chances are tiny.
    const u = random.next();
    keys[size++] = drawing === 'ratio' ? Math.log(1 - u) / chance(position) : u * chance(position);
  }
  const wanted = Math.min(count, size);
  const threshold = wanted > 0 ? keys.slice(0, size).sort()[size - wanted]! : Infinity;
  let above = 0;
  for (let i = 0; i < size; i++) if (keys[i]! > threshold) above++;
  let ties = wanted - above;
  const added = empty.subarray(0, size).filter((_, i) => keys[i]! > threshold || (keys[i] === threshold && ties-- > 0));
  const limit = newWeightLimit(layer.bias.length);
  for (const position of added) {
    layer.mask[position] = 1;
    layer.weight[position] = random.uniform(-limit, limit);
  }
  return added;
}

/** SET's growth: every empty position is equally likely. */
export function growRandomly(layer: Evolving, count: number, random: Random): Uint32Array {
  return grow(layer, count, () => 1, random);
}

/** LiSET's growth: a connection comes from input j by `importance[j]`, in their ratio as Eq. 2 has it. */
export function growByInput(
  layer: Evolving,
  count: number,
  importance: Float64Array,
  random: Random,
  drawing: Drawing = 'ratio',
): Uint32Array {
  const inputs = importance.length;
  return grow(layer, count, (position) => importance[position % inputs]!, random, drawing);
}

/** Smallest chance of a position in cosine growth: one without any likeness stays possible. */
const SIMILARITY_FLOOR = 1e-6;

/** Growth in the ratio of the likeness of the ends; `similarity` is `[unit][input]`, taken by magnitude. */
export function growBySimilarity(layer: Evolving, count: number, similarity: Float32Array, random: Random): Uint32Array {
  return grow(layer, count, (position) => Math.max(Math.abs(similarity[position]!), SIMILARITY_FLOOR), random);
}

/**
 * LiSET Alg. 1: w~ = sigmoid(w / max(w) + gamma), with w_j the L1 norm of feature j's skip weights. Large gamma makes all inputs
 * alike (SET); small gamma favours few.
 * @param skip skip-layer weights `[class][input]`
 */
export function inputImportance(skip: Float32Array, inputs: number, gamma: number): Float64Array {
  const norms = new Float64Array(inputs);
  for (let i = 0; i < skip.length; i++) norms[i % inputs]! += Math.abs(skip[i]!);
  const largest = norms.reduce((a, b) => Math.max(a, b), 0);
  return norms.map((w) => 1 / (1 + Math.exp(-((largest > 0 ? w / largest : 0) + gamma))));
}

/**
 * Cosine similarity of each unit's and each input's activity over `samples`.
 * @param inputs `[sample][input]` @param outputs `[sample][unit]`
 * @returns `[unit][input]` in [-1, 1], 0 where either never moves from zero
 */
export function cosineSimilarity(inputs: Float32Array, outputs: Float32Array, samples: number): Float32Array {
  const m = inputs.length / samples;
  const n = outputs.length / samples;
  const dot = new Float64Array(n * m);
  const inputSquares = new Float64Array(m);
  const outputSquares = new Float64Array(n);
  for (let s = 0; s < samples; s++) {
    for (let j = 0; j < m; j++) inputSquares[j]! += inputs[s * m + j]! ** 2;
    for (let i = 0; i < n; i++) {
      const y = outputs[s * n + i]!;
      if (y === 0) continue;
      outputSquares[i]! += y * y;
      for (let j = 0; j < m; j++) dot[i * m + j]! += y * inputs[s * m + j]!;
    }
  }
  return Float32Array.from(dot, (value, position) => {
    const norm = Math.sqrt(outputSquares[Math.floor(position / m)]! * inputSquares[position % m]!);
    return norm > 0 ? value / norm : 0;
  });
}

/** Keeps the `connections` weights of largest magnitude (three-step pruning, Han et al. 2015); ties go to the lowest index. */
export function pruneToLargest(layer: LayerTensors, connections: number): Uint8Array {
  const order = Array.from(layer.weight.keys());
  order.sort((a, b) => Math.abs(layer.weight[b]!) - Math.abs(layer.weight[a]!) || a - b);
  const mask = new Uint8Array(layer.weight.length);
  for (const i of order.slice(0, connections)) mask[i] = 1;
  return mask;
}

/**
 * Average Ratioed Accuracy (LiSET Eq. 3): a mean over epochs in which the first has `b` times the weight of the last; b = 1 is the
 * plain mean.
 */
export function averageRatioedAccuracy(accuracies: readonly number[], b = 0.5): number {
  const n = accuracies.length;
  const c1 = n > 1 ? (n - n * b) / (n - 1) : 0;
  const c2 = n - n * c1;
  const weighted = accuracies.reduce((sum, accuracy, i) => sum + accuracy * ((i + 1) * c1 + c2), 0);
  return weighted / (n > 1 ? (n * n * (b + 1)) / 2 : n);
}
