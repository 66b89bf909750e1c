import { Random } from '../training/random.js';
import type { LayerShape } from './model.js';
import { nonZerosPerUnit } from './shapes.js';

/**
 * Weights chosen at random before training, the same number for every unit or filter (patent, paragraphs 44 and 56); drawn
 * once for each block of `unitsPerMask` units.
 * @returns `[unit][input]`, 1 where a weight exists; nothing where all of them do
 */
export function randomMask(shape: LayerShape, seed: number): Uint8Array | undefined {
  const kept = nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity);
  if (kept === shape.fanIn) return undefined;
  const random = new Random(seed);
  const mask = new Uint8Array(shape.channels * shape.fanIn);
  const block = shape.spec.unitsPerMask ?? 1;
  for (let unit = 0; unit < shape.channels; unit++) {
    const start = unit * shape.fanIn;
    if (unit % block === 0) choose(mask, start, shape.fanIn, kept, random);
    else mask.copyWithin(start, start - shape.fanIn, start);
  }
  return mask;
}

/**
 * Exactly this many connections, drawn over the whole layer (Erdos-Renyi, SET's start; LiSET equation 1). Units may end up
 * with different numbers.
 */
export function erdosRenyiMask(shape: LayerShape, connections: number, seed: number): Uint8Array {
  const mask = new Uint8Array(shape.channels * shape.fanIn);
  choose(mask, 0, mask.length, Math.min(connections, mask.length), new Random(seed));
  return mask;
}

/** By rule: the weights of largest magnitude, the same number for every unit; of equal ones the first. */
export function magnitudeMask(shape: LayerShape, weight: Float32Array): Uint8Array {
  const { channels, fanIn } = shape;
  const kept = nonZerosPerUnit(fanIn, shape.spec.weightDensity);
  const mask = new Uint8Array(channels * fanIn);
  for (let unit = 0; unit < channels; unit++) {
    const row = weight.subarray(unit * fanIn, (unit + 1) * fanIn);
    const order = Array.from(row.keys()).sort((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!) || a - b);
    for (const input of order.slice(0, kept)) mask[unit * fanIn + input] = 1;
  }
  return mask;
}

/**
 * By rule: runs of `block` consecutive inputs that exist or are missing together, as wide multipliers like them. Blocks are
 * drawn at random, and the last one is cut so that every unit has the number of weights that its density says.
 */
export function blockMask(shape: LayerShape, block: number, seed: number): Uint8Array {
  const { channels, fanIn } = shape;
  const kept = nonZerosPerUnit(fanIn, shape.spec.weightDensity);
  const random = new Random(seed);
  const mask = new Uint8Array(channels * fanIn);
  const blocks = Uint32Array.from({ length: Math.ceil(fanIn / block) }, (_, i) => i);
  for (let unit = 0; unit < channels; unit++) {
    let left = kept;
    for (const chosen of random.shuffle(blocks)) {
      const start = chosen * block;
      const length = Math.min(block, fanIn - start, left);
      mask.fill(1, unit * fanIn + start, unit * fanIn + start + length);
      left -= length;
    }
  }
  return mask;
}

/** Sets `kept` of `length` places, each choice equally likely (Floyd's sampling). */
function choose(mask: Uint8Array, offset: number, length: number, kept: number, random: Random): void {
  for (let last = length - kept; last < length; last++) {
    const drawn = random.integer(0, last);
    mask[offset + (mask[offset + drawn] === 0 ? drawn : last)] = 1;
  }
}
