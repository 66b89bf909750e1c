import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WinnowError } from '../../shared/errors.js';
import type { LayerSpec, NetworkSpec } from '../../shared/network.js';
import { presetNetwork } from './presets.js';
import { roundHalfEven } from './rounding.js';
import { layerShapes, nonZerosPerUnit, parseNetworkSpec } from './shapes.js';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WinnowError) return error.code;
    throw error;
  }
  return 'none';
}

function changed(index: number, change: object): NetworkSpec {
  const spec = presetNetwork('WtSparsity11');
  return { ...spec, layers: spec.layers.map((layer, i) => (i === index ? ({ ...layer, ...change } as LayerSpec) : layer)) };
}

/** Replaces one value somewhere inside: each step chooses a key, wrapping around. */
function replaceAt(inside: object, steps: readonly number[], value: unknown): void {
  const entries = Object.entries(inside);
  if (entries.length === 0) return;
  const [key, next] = entries[steps[0]! % entries.length]!;
  if (steps.length > 1 && typeof next === 'object' && next !== null) replaceAt(next as object, steps.slice(1), value);
  else (inside as Record<string, unknown>)[key] = value;
}

const winners = (selection: object, count: object) => ({
  activation: {
    kind: 'kWinners',
    selection,
    count,
    kInferenceFactor: 1,
    boosting: { strength: 0, strengthFactor: 1, dutyCyclePeriod: 1000, atInference: false },
  },
});

describe('shapes', () => {
  it('follow the published networks', () => {
    const [conv1, conv2, linear1] = layerShapes(presetNetwork('denseCNN2'));
    expect(conv1).toMatchObject({ fanIn: 25, channels: 64, height: 28, width: 28, outputHeight: 14, outputWidth: 14 });
    expect(conv2).toMatchObject({ fanIn: 1600, channels: 64, height: 10, width: 10, outputHeight: 5, outputWidth: 5 });
    expect(linear1).toMatchObject({ fanIn: 1600, channels: 1000, height: 1, width: 1 });
  });

  it('round the zeros half to even: of 25 weights at one half 12 are zero', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.4999].map(roundHalfEven)).toEqual([0, 2, 2, 4, 2]);
    expect(nonZerosPerUnit(25, 0.5)).toBe(13);
    expect(nonZerosPerUnit(1600, 0.03)).toBe(48);
  });

  it.each<[string, NetworkSpec, string]>([
    ['a kernel larger than its input', changed(1, { kernel: 15 }), 'network-shape'],
    [
      'a pool larger than its map',
      { ...changed(1, { pool: 8 }), input: { channels: 1, height: 16, width: 16 } },
      'network-shape',
    ],
    ['an input beyond the limit', { ...changed(1, {}), input: { channels: 1e6, height: 1e6, width: 32 } }, 'network-shape'],
    ['two layers of one name', changed(1, { name: 'conv1' }), 'network-shape'],
    ['a density that leaves no weight', changed(0, { weightDensity: 0.01 }), 'network-density'],
    ['more winners than units', changed(2, winners({ kind: 'global' }, { k: 1501 })), 'network-winners'],
    ['no winner at all', changed(2, winners({ kind: 'group', size: 4 }, { percentOn: 0.1 })), 'network-winners'],
    ['a group larger than the layer', changed(2, winners({ kind: 'group', size: 1501 }, { k: 1 })), 'network-winners'],
    [
      'a volume larger than the tensor',
      changed(1, winners({ kind: 'volume', channels: 1, height: 11, width: 1 }, { k: 1 })),
      'network-winners',
    ],
    ['an output with an activation', changed(3, { activation: { kind: 'relu' } }), 'network-output'],
  ])('name %s', (_, spec, code) => {
    expect(codeOf(() => layerShapes(spec))).toBe(code);
  });

  it('refuse a network whose weights would not fit in memory', () => {
    const wide = changed(0, { channels: 1024 });
    const layers = wide.layers.map((layer, i) =>
      i === 2 ? { ...layer, units: 8192 } : i === 1 ? { ...layer, channels: 1024 } : layer,
    );
    expect(codeOf(() => layerShapes({ ...wide, layers } as NetworkSpec))).toBe('network-shape');
  });

  it('refuse a network that would keep a core busy for seconds', () => {
    const { layers } = changed(1, { channels: 900 });
    const wide = { ...layers[0], channels: 128 } as LayerSpec;
    const tall = { name: 'tall', input: { channels: 1, height: 60, width: 100 }, layers: [wide, ...layers.slice(1)] };
    expect(() => layerShapes(tall)).toThrow(/multiplies/);
  });

  it('refuse more competitions than memory is good for', () => {
    const single = changed(0, winners({ kind: 'group', size: 1 }, { k: 1 }));
    expect(codeOf(() => layerShapes(single))).toBe('none');
    expect(() => layerShapes({ ...single, input: { channels: 1, height: 64, width: 32 } })).toThrow(/competitions/);
  });

  it('never fail without a reason, whatever the description', () => {
    const kinds = fc.constantFrom('global', 'local', 'perChannel', 'volume', 'group', 'threshold', 'relu', 'none', '', null);
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, -1, 2 ** 53, 5));
    const leaf = fc.oneof(number, kinds, fc.string(), fc.boolean());
    const path = fc.array(fc.nat(12), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(path, leaf), { maxLength: 5 }), (changes) => {
        const spec: unknown = structuredClone(presetNetwork('WtSparsity11'));
        for (const [steps, value] of changes) replaceAt(spec as object, steps, value);
        expect(codeOf(() => parseNetworkSpec(spec))).toMatch(/^(none|network-\w+)$/);
      }),
      { numRuns: 500 },
    );
  });

  it('say where a description from outside is wrong', () => {
    expect(codeOf(() => parseNetworkSpec(null))).toBe('network-spec');
    expect(() => parseNetworkSpec(changed(0, { weightDensity: 2 }))).toThrow(/layers\.0\.weightDensity/);
    expect(parseNetworkSpec(presetNetwork('sparseCNN2'))).toEqual(presetNetwork('sparseCNN2'));
  });
});
