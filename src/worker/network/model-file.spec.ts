import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTensors } from '../../../test/helpers/model-bytes.js';
import { randomModel, randomSpec, randomWindows } from '../../../test/helpers/random-networks.js';
import { WinnowError } from '../../shared/errors.js';
import type { Model } from './model.js';
import { decodeModel, encodeModel, readModelFile, withDecision, writeModelFile } from './model-file.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';

const WINDOW = { channels: 1, height: 32, width: 32 };
const small = (seed: number): Model => randomModel(randomSpec(seed, WINDOW), seed);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WinnowError) return error.code;
    throw error;
  }
  return 'none';
}

/** A file's header and data apart, and together again with another header. */
function open(bytes: Uint8Array) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, data: bytes.slice(8 + length) };
}
function close(header: unknown, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'winnow-model-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a model file', () => {
  it.each([1, 2, 3, 4, 5, 6])('gives back the same model, bit for bit: random network %i', async (seed) => {
    const model = { ...small(seed), report: { command: 'winnow train', seed, data: 'd', split: 's', test: { accuracy: 0.9 } } };
    const { model: read } = decodeModel(encodeModel(model));
    expect(read.spec).toEqual(model.spec);
    expect(read.report).toEqual(model.report);
    model.layers.forEach((layer, i) => expect(read.layers[i]).toEqual(layer));
    const windows = randomWindows(model.spec, 1, seed);
    const before = await new ReferenceBackend(model).infer(windows, 1);
    const after = await new ReferenceBackend(read).infer(windows, 1);
    expect(after).toEqual(before);
  });

  it('takes another decision and more of a report, and keeps its tensors byte for byte', () => {
    const report = { command: 'winnow train', seed: 1, data: 'd', split: 's' };
    const before = encodeModel({ ...small(7), report }, 'f16');
    const decision = { smoothingMs: 160, threshold: 0.9, patience: 2, patienceOf: 3, refractoryMs: 750 };
    const after = withDecision(before, decision, { calibration: { tried: 3 } });
    const read = decodeModel(after);
    expect(read.model.decision).toEqual(decision);
    expect(read.model.report).toEqual({ ...report, calibration: { tried: 3 } });
    expect(read.sha256).not.toBe(decodeModel(before).sha256);
    expect(open(after).data).toEqual(open(before).data);
    expect(decodeModel(before).model.decision).toBeUndefined();
    const absurd = { ...decision, patience: 0 };
    expect(codeOf(() => decodeModel(withDecision(before, absurd, {})))).toBe('model-format');
    expect(codeOf(() => withDecision(before.subarray(1), decision, {}))).not.toBe('none');
  });

  it('keeps masks in half precision, even where a weight becomes zero', () => {
    const model = small(9);
    model.layers[0]!.weight.fill(0);
    const { model: read } = decodeModel(encodeModel(model, 'f16'));
    read.layers.forEach((layer, i) => expect(layer.mask).toEqual(model.layers[i]!.mask));
  });

  it('keeps weights in single precision where half would not hold them', () => {
    const model = small(2);
    model.layers[3]!.weight[0] = 1e6;
    expect(decodeModel(encodeModel(model, 'f16')).model.layers[3]!.weight[0]).toBe(1e6);
  });

  it('stays below 4 MB for the published networks', () => {
    for (const [name, limit] of [
      ['denseCNN2', 4_000_000],
      ['WtSparsity11', 800_000],
    ] as const) {
      // prettier-ignore
      const spec = presetNetwork(name);
      expect(encodeModel(randomModel(spec, 1), 'f16').length).toBeLessThan(limit);
    }
  });

  it('has a hash that follows from the contents alone', () => {
    const { sha256 } = decodeModel(encodeModel(small(1)));
    expect(decodeModel(encodeModel(small(1))).sha256).toBe(sha256);
    expect(decodeModel(encodeModel(small(2))).sha256).not.toBe(sha256);
  });
});

describe('a damaged or hostile file', () => {
  const good = encodeModel(small(1));

  it('is refused whatever single byte changes', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = good.slice();
        bytes[at] = bytes[at]! ^ flip;
        // Only white space around the header's JSON may change without a change of meaning.
        const code = codeOf(() => decodeModel(bytes));
        if (code === 'none') expect(decodeModel(bytes)).toEqual(decodeModel(good));
        else expect(code).toMatch(/^(model|network)-/);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused wherever it is cut, and with anything after its end', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), (at) => {
        expect(codeOf(() => decodeModel(good.slice(0, at)))).toMatch(/^model-/);
      }),
    );
    expect(codeOf(() => decodeModel(Uint8Array.of(...good, 0)))).toBe('model-format');
  });

  it('never brings the reader down', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.json(), (noise, json) => {
        expect(codeOf(() => decodeModel(noise))).toBe('model-format');
        expect(codeOf(() => decodeModel(close(JSON.parse(json), noise)))).toBe('model-format');
      }),
    );
  });

  it.each<[string, (header: Record<string, { shape: number[]; data_offsets: number[]; dtype: string }>, name: string) => void]>([
    ['a shape that overflows', (header, name) => (header[name]!.shape = [2 ** 31, 2 ** 31, 2 ** 31])],
    ['a shape below zero', (header, name) => (header[name]!.shape = [-1])],
    ['a range outside the file', (header, name) => (header[name]!.data_offsets = [0, 2 ** 40])],
    ['a range that ends before it begins', (header, name) => (header[name]!.data_offsets = [8, 0])],
    ['ranges that overlap', (header, name) => (header[name]!.data_offsets = header['conv2.bias']!.data_offsets)],
    ['a type of 64 bits', (header, name) => (header[name]!.dtype = 'I64')],
    ['a missing tensor', (header, name) => delete header[name]],
  ])('is refused for %s', (_, change) => {
    const { header, data } = open(good);
    change(header, 'conv1.bias');
    expect(codeOf(() => decodeModel(close(header, data)))).toBe('model-format');
  });

  it('[negative] is refused without the duty cycles of a layer whose units compete, by the name of what is missing', () => {
    const file = encodeModel(randomModel(presetNetwork('WtSparsity11'), 1));
    const read = () => decodeModel(withoutTensors(file, (name) => name.endsWith('.dutyCycle')));
    expect(read).toThrow(expect.objectContaining({ code: 'model-format' }));
    expect(read).toThrow(/duty cycles \(tensor "conv1\.dutyCycle"\) are missing/);
  });

  it('is refused for a header of absurd length, before it is read', () => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
    expect(codeOf(() => decodeModel(bytes))).toBe('model-format');
  });

  it('is refused for another description than the hash was made of', () => {
    const { header, data } = open(good);
    header.__metadata__.winnow = header.__metadata__.winnow.replace('word0', 'word9');
    expect(codeOf(() => decodeModel(close(header, data)))).toBe('model-hash');
  });

  it('is refused when it comes from a newer version', () => {
    const { header, data } = open(good);
    header.__metadata__.winnow = header.__metadata__.winnow.replace('"version":1', '"version":2');
    expect(codeOf(() => decodeModel(close(header, data)))).toBe('model-version');
  });

  it.each<[string, (model: Model) => Model, string]>([
    ['a weight that is not a number', (model) => changed(model, (layer) => (layer.weight[3] = NaN)), 'network-tensors'],
    ['a negative variance', (model) => changed(model, (layer) => layer.variance?.fill(-1)), 'network-tensors'],
    ['a weight off the mask', (model) => changed(model, (layer) => layer.mask && layer.weight.fill(1)), 'network-tensors'],
    [
      'duty cycles of another length',
      (model) => changed(model, (layer) => (layer.dutyCycle = new Float32Array(3))),
      'network-tensors',
    ],
    ['too few labels', (model) => ({ ...model, labels: ['a'] }), 'model-format'],
    ['a label twice', (model) => ({ ...model, labels: model.labels.map(() => 'same') }), 'model-format'],
  ])('cannot be written with %s', (_, change, code) => {
    const spec = presetNetwork('WtSparsity11');
    expect(codeOf(() => encodeModel(change(randomModel(spec, 1))))).toBe(code);
  });
});

function changed(model: Model, change: (layer: Model['layers'][number]) => unknown): Model {
  change(model.layers[0]!);
  return model;
}

describe('writing', () => {
  it('leaves one file and nothing beside it', async () => {
    const path = join(folder, 'a.safetensors');
    await writeModelFile(path, small(1));
    await writeModelFile(path, small(2));
    expect((await readModelFile(path)).name).toBe('random2');
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  it('keeps the old file when the new one cannot be written', async () => {
    const path = join(folder, 'b.safetensors');
    await writeModelFile(path, small(1));
    const before = readFileSync(path);
    await expect(writeModelFile(join(path, 'c.safetensors'), small(2))).rejects.toMatchObject({ code: 'model-write' });
    const broken = { ...small(2), labels: [] };
    await expect(writeModelFile(path, broken)).rejects.toMatchObject({ code: 'model-format' });
    expect(readFileSync(path).equals(before)).toBe(true);
    rmSync(path);
  });

  it('names a full disk', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'winnow-disk-'));
    try {
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk], { stdio: 'ignore' });
      } catch {
        context.skip('a small disk cannot be mounted here');
      }
      await expect(writeModelFile(join(disk, 'm.safetensors'), small(1))).rejects.toMatchObject({ code: 'model-disk-full' });
      expect(readdirSync(disk)).toEqual([]);
      execFileSync('umount', [disk]);
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
  });

  it('says what is wrong with a path that is no model', async () => {
    await expect(readModelFile(join(folder, 'none.safetensors'))).rejects.toMatchObject({ code: 'model-read' });
    await expect(readModelFile(folder)).rejects.toMatchObject({ code: 'model-read' });
    writeFileSync(join(folder, 'empty'), '');
    await expect(readModelFile(join(folder, 'empty'))).rejects.toMatchObject({ code: 'model-format' });
  });
});
