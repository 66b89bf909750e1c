import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import type { InferenceResult } from './backend.js';
import { initialLayers } from './initial.js';
import type { Isa } from './native.js';
import { loadNative } from './native-loader.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';
import { SparseBackend } from './sparse.js';

const native = loadNative();
const isas: readonly Isa[] = native.engine ? native.engine.info().available : [];

/** Of the largest logit, and of a layer's range for two values that may change places at the edge of the winners. */
const LOGIT_TOLERANCE = 1e-4;
const TIE_TOLERANCE = 1e-5;

/** Whether two back ends said the same; swaps among winners are allowed where the values are too close to tell. */
function expectSame(a: InferenceResult, b: InferenceResult): void {
  let swapped = false;
  a.traces!.forEach((window, w) => {
    window.forEach((trace, l) => {
      if (swapped) return;
      const other = b.traces![w]![l]!;
      const range = Math.max(...trace.output.map(Math.abs), 1e-30);
      const mine = new Set(trace.winners);
      const theirs = new Set(other.winners);
      const apart = [...mine, ...theirs].filter((unit) => mine.has(unit) !== theirs.has(unit));
      if (apart.length > 0) {
        // Before a pool the values behind the winners are not in the trace.
        const seen = trace.output.length === a.activity[w]![l]!.size ? apart : [];
        const values = seen.map((unit) => (mine.has(unit) ? trace.output[unit]! : other.output[unit]!));
        if (values.length > 0) expect(Math.max(...values) - Math.min(...values)).toBeLessThanOrEqual(TIE_TOLERANCE * range * 10);
        expect(apart.length).toBeLessThanOrEqual(2);
        swapped = true;
        return;
      }
      for (let i = 0; i < trace.output.length; i++) {
        expect(Math.abs(trace.output[i]! - other.output[i]!)).toBeLessThanOrEqual(LOGIT_TOLERANCE * range);
      }
      expect(b.activity[w]![l]).toEqual(a.activity[w]![l]);
    });
  });
  if (swapped) return;
  const classes = a.logits.length / a.activity.length;
  for (let w = 0; w < a.activity.length; w++) {
    const mine = a.logits.subarray(w * classes, (w + 1) * classes);
    const largest = Math.max(...mine.map(Math.abs));
    for (let i = 0; i < classes; i++) {
      expect(Math.abs(mine[i]! - b.logits[w * classes + i]!)).toBeLessThanOrEqual(LOGIT_TOLERANCE * largest + 1e-12);
    }
  }
}

describe.skipIf(isas.length === 0)('the sparse back end', () => {
  it.each(isas.map((isa) => [isa]))('agrees with the reference on networks of every kind (%s)', async (isa) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), async (seed) => {
        const model = randomModel(randomSpec(seed), seed);
        const windows = randomWindows(model.spec, 2, seed);
        const reference = await new ReferenceBackend(model).infer(windows, 2, { trace: true });
        const sparse = await new SparseBackend(model, { isa }).infer(windows, 2, { trace: true });
        expectSame(reference, sparse);
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    ['WtSparsity11', true],
    ['WtSparsity11', false],
    ['denseCNN2', false],
    ['SuperSparseCNNLocal', true],
  ] as const)('agrees with the reference on %s (winners before the pool: %s)', async (preset, winnersBeforePool) => {
    const model = randomModel(presetNetwork(preset, { winnersBeforePool }), 3);
    const windows = randomWindows(model.spec, 2, 5);
    const reference = await new ReferenceBackend(model).infer(windows, 2, { trace: true });
    for (const isa of isas) expectSame(reference, await new SparseBackend(model, { isa }).infer(windows, 2, { trace: true }));
  });

  it('says the same with a trace or without, in one batch or alone, on any number of threads', async () => {
    const model = randomModel(presetNetwork('WtSparsity11', { winnersBeforePool: false }), 8);
    const windows = randomWindows(model.spec, 5, 9);
    const backend = new SparseBackend(model);
    const alone = await backend.infer(windows.subarray(0, 1024), 1);
    const traced = await backend.infer(windows, 5, { trace: true });
    for (const threads of [1, 2, 3]) {
      const { logits, activity } = await backend.infer(windows, 5, { threads });
      expect(logits).toEqual(traced.logits);
      expect(activity).toEqual(traced.activity);
      expect(logits.subarray(0, alone.logits.length)).toEqual(alone.logits);
    }
  });

  it("refuses an input that is not a number, and a length that is not the windows'", async () => {
    const model = randomModel(presetNetwork('WtSparsity18'), 1);
    const backend = new SparseBackend(model);
    for (const bad of [NaN, Infinity, -Infinity]) {
      const windows = new Float32Array(1024);
      windows[1023] = bad;
      await expect(backend.infer(windows, 1)).rejects.toMatchObject({ code: 'network-engine' });
    }
    await expect(backend.infer(new Float32Array(1023), 1)).rejects.toMatchObject({ code: 'network-input' });
    const none = await backend.infer(new Float32Array(0), 0);
    expect(none.logits).toHaveLength(0);
  });

  it('refuses hostile descriptions by itself, without a crash', () => {
    const { engine } = native as { engine: NonNullable<typeof native.engine> };
    const spec = presetNetwork('WtSparsity18');
    const layers = initialLayers(spec, 1);
    const hostile: readonly (readonly [path: string, value: unknown])[] = [
      ['spec.input.width', 999_999_999],
      ['spec.input.height', 65_536 * 65_536],
      ['spec.layers.0.kernel', 65_536],
      ['spec.layers.0.channels', 1_000_000_000],
      ['spec.layers.0.pool', 29],
      ['spec.layers.0.activation.kInferenceFactor', NaN],
      ['spec.layers.0.activation.count', { percentOn: -1 }],
      ['spec.layers.0.activation.selection', { kind: 'group', size: 0 }],
      ['spec.layers', spec.layers.slice(0, 3)],
      ['spec.layers', []],
      ['spec', null],
      ['layers.1.weight.7', NaN],
      ['layers.1.variance.0', -1],
      ['layers.1.weight', new Float32Array(3)],
      ['layers.2.mask', new Float32Array(3)],
      ['layers.3.bias', undefined],
      ['layers', layers.slice(1)],
    ];
    for (const [path, value] of hostile) {
      const copy = structuredClone({ spec, layers });
      const keys = path.split('.');
      const last = keys.pop()!;
      const holder = keys.reduce((at, key) => Reflect.get(at, key) as object, copy as object);
      Reflect.set(holder, last, value);
      expect(() => new engine.Network(copy.spec, copy.layers), path).toThrow();
    }
  });
});
