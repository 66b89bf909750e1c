import { describe, expect, it } from 'vitest';
import { countOnes } from './counts.js';
import { initialLayers } from './initial.js';
import { blockMask, erdosRenyiMask, magnitudeMask, randomMask } from './masks.js';
import type { LayerShape } from './model.js';
import { presetNetwork } from './presets.js';
import { layerShapes, nonZerosPerUnit } from './shapes.js';

const shapes = layerShapes(presetNetwork('WtSparsity11'));
const linear = shapes[2]!;

function perUnit(mask: Uint8Array, shape: LayerShape): Set<number> {
  return new Set(
    Array.from({ length: shape.channels }, (_, u) => countOnes(mask.subarray(u * shape.fanIn, (u + 1) * shape.fanIn))),
  );
}

describe('masks', () => {
  it('have equal non-zeros per unit', () => {
    for (const shape of shapes.slice(0, 3)) {
      const wanted = new Set([nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity)]);
      expect(perUnit(randomMask(shape, 1)!, shape)).toEqual(wanted);
      expect(perUnit(blockMask(shape, 16, 1), shape)).toEqual(wanted);
    }
  });

  it('are absent where every weight exists', () => {
    expect(randomMask(shapes[3]!, 1)).toBeUndefined();
  });

  it('follow from the seed', () => {
    const bytes = (seed: number) => Buffer.from(randomMask(linear, seed)!);
    expect(bytes(7).equals(bytes(7))).toBe(true);
    expect(bytes(7).equals(bytes(8))).toBe(false);
  });

  it('choose every input about equally often', () => {
    const mask = randomMask(linear, 3)!;
    const chosen = new Float64Array(linear.fanIn);
    mask.forEach((bit, i) => (chosen[i % linear.fanIn] = chosen[i % linear.fanIn]! + bit));
    // 1500 units choose 80 of 1600 each: 75 per input with a deviation of 8.4; five deviations, and no drift along the row.
    expect(Math.min(...chosen)).toBeGreaterThan(75 - 42);
    expect(Math.max(...chosen)).toBeLessThan(75 + 42);
    const firstHalf = chosen.slice(0, 800).reduce((sum, n) => sum + n, 0);
    expect(Math.abs(firstHalf / (1500 * 80) - 0.5)).toBeLessThan(0.01);
  });

  it('of Erdos and Renyi have the exact number over the whole layer', () => {
    const [hidden] = layerShapes(presetNetwork('lisetMnistEps4.5'));
    const mask = erdosRenyiMask(hidden!, 4878, 1);
    expect(countOnes(mask)).toBe(4878);
    expect(perUnit(mask, hidden!).size).toBeGreaterThan(5);
  });

  it('are the same for all units of a block, and differ between blocks', () => {
    const shape: LayerShape = { ...linear, spec: { ...linear.spec, unitsPerMask: 16 } };
    const mask = randomMask(shape, 2)!;
    const row = (unit: number) => Buffer.from(mask.subarray(unit * shape.fanIn, (unit + 1) * shape.fanIn));
    expect(perUnit(mask, shape)).toEqual(new Set([80]));
    expect(row(15).equals(row(0))).toBe(true);
    expect(row(1499).equals(row(1488))).toBe(true);
    expect(row(16).equals(row(15))).toBe(false);
  });

  it('by magnitude keep the largest weights of every unit', () => {
    const shape = { ...linear, channels: 2, fanIn: 4, spec: { ...linear.spec, weightDensity: 0.5 } };
    expect([...magnitudeMask(shape, Float32Array.of(1, -5, 2, 0, 3, 3, -3, 1))]).toEqual([0, 1, 1, 0, 1, 1, 0, 0]);
  });

  it('in blocks keep runs of inputs together', () => {
    const mask = blockMask(linear, 16, 5);
    let edges = 0;
    for (let i = 1; i < linear.fanIn; i++) if (mask[i] !== mask[i - 1]) edges++;
    expect(edges).toBeLessThanOrEqual(2 * (80 / 16));
  });
});

describe('a network before training', () => {
  it('is uniform within 1 / sqrt(fan-in), zero off the mask, and the same for the same seed', () => {
    const layers = initialLayers(presetNetwork('WtSparsity11'), 4);
    const { weight, mask, bias } = layers[2]!;
    const bound = 1 / Math.sqrt(1600);
    expect(weight.every((value, i) => Math.abs(value) <= bound && (mask![i] === 1 || value === 0))).toBe(true);
    const kept = weight.filter((_, i) => mask![i] === 1);
    const variance = kept.reduce((sum, value) => sum + value * value, 0) / kept.length;
    expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(0.02);
    expect(bias.some((value) => value !== 0)).toBe(true);
    const again = initialLayers(presetNetwork('WtSparsity11'), 4)[2]!.weight;
    expect(Buffer.from(again.buffer).equals(Buffer.from(weight.buffer))).toBe(true);
  });
});
