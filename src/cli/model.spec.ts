import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withoutTensors } from '../../test/helpers/model-bytes.js';
import { randomModel, randomSpec } from '../../test/helpers/random-networks.js';
import { LIVE_FEATURES } from '../shared/features.js';
import { decodeModel, encodeModel } from '../worker/network/model-file.js';
import { presetNetwork } from '../worker/network/presets.js';
import { command } from './model.js';

const model = (seed: number) => ({
  ...randomModel(randomSpec(seed, { channels: 1, height: 32, width: 32 }), seed),
  name: `m${seed}`,
});

let root: string;
let written: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'winnow-cli-model-'));
  vi.stubEnv('WINNOW_HOME', join(root, 'home'));
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  writeFileSync(join(root, 'one.safetensors'), encodeModel(model(1)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** Runs `winnow model ... --json`. @returns the objects it printed */
async function json(...args: string[]): Promise<Record<string, unknown>[]> {
  written.length = 0;
  await command.run([...args, '--json']);
  return written
    .join('')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

describe('winnow model', () => {
  it('imports, lists, chooses, shows and deletes', async () => {
    expect(await json('import', join(root, 'one.safetensors'))).toEqual([{ id: 'm1@1' }]);
    expect(await json('import', join(root, 'one.safetensors'), '--name', 'other')).toEqual([{ id: 'other@1' }]);
    expect(await json('use', 'm1')).toEqual([{ id: 'm1@1' }]);
    const own = (await json('list')).filter(({ shipped }) => !shipped);
    expect(own.map(({ id, active }) => [id, active])).toEqual([
      ['m1@1', true],
      ['other@1', false],
    ]);
    const [shown] = await json('show');
    expect(shown).toMatchObject({ id: 'm1@1', name: 'm1', active: true, features: LIVE_FEATURES, spec: model(1).spec });
    expect(await json('delete', 'other')).toEqual([{ id: 'other@1' }]);
    expect((await json('list')).filter(({ shipped }) => !shipped)).toHaveLength(1);
    await expect(json('delete', 'm1@1')).rejects.toMatchObject({ code: 'model-active', exit: 2 });
  });

  it('exports a model file that holds the same model, and an ONNX graph', async () => {
    const path = join(root, 'one.safetensors');
    const out = join(root, 'out.safetensors');
    const [exported] = await json('export', path, '--out', out);
    expect(exported).toEqual({ id: path, path: out, format: 'safetensors', bytes: statSync(out).size });
    expect(decodeModel(readFileSync(out)).sha256).toBe(decodeModel(readFileSync(path)).sha256);
    await expect(json('export', path, '--out', out)).rejects.toMatchObject({ code: 'model-exists' });
    const whole = statSync(out).size;
    const [half] = await json('export', path, '--out', out, '--precision', 'f16', '--force');
    expect(half!['bytes']).toBeLessThan(whole);
    const [graph] = await json('export', path, '--out', join(root, 'one.onnx'));
    expect(graph).toMatchObject({ format: 'onnx' });
    expect(statSync(join(root, 'one.onnx')).size).toBe(graph!['bytes']);
  });

  it('verifies that every back end here agrees, on the clips that ship', async () => {
    const [verified] = await json('verify', join(root, 'one.safetensors'));
    const backends = verified!['backends'] as Record<string, unknown>[];
    expect(backends.map(({ backend }) => backend)).toEqual(['sparse', 'onnx']);
    for (const backend of backends) if (!('problem' in backend)) expect(backend).toMatchObject({ agrees: true, differences: 0 });
    expect(backends.some((backend) => 'agrees' in backend)).toBe(true);
  });

  it('names a damaged file and a folder without clips', async () => {
    const path = join(root, 'bad.safetensors');
    const bytes = encodeModel(model(1));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await expect(json('verify', path)).rejects.toMatchObject({ code: 'model-hash', exit: 1 });
    await expect(json('verify', join(root, 'one.safetensors'), '--clips', root)).rejects.toMatchObject({
      code: 'model-no-clips',
    });
  });

  it('[negative] refuses a model without duty cycles, by name, wherever it comes from', async () => {
    const path = join(root, 'converted.safetensors');
    const file = encodeModel(randomModel(presetNetwork('WtSparsity11'), 1));
    writeFileSync(
      path,
      withoutTensors(file, (name) => name.endsWith('.dutyCycle')),
    );
    for (const action of ['show', 'import', 'verify']) {
      const refused = expect(json(action, path)).rejects;
      await refused.toMatchObject({ code: 'model-format', exit: 1, message: expect.stringContaining('duty cycles') });
    }
    expect((await json('list')).filter(({ shipped }) => !shipped)).toEqual([]);
  });

  it.each([
    [[]],
    [['fly']],
    [['list', 'm1']],
    [['use']],
    [['use', 'a', 'b']],
    [['list', '--out', 'x']],
    [['export', 'm1']],
    [['export', 'm1', '--out', 'x.bin']],
    [['export', 'm1', '--out', 'x.onnx', '--precision', 'f16']],
    [['list', '--strange']],
  ])('refuses %j as wrong usage', async (args) => {
    await expect(command.run(args)).rejects.toMatchObject({ code: 'usage', exit: 2 });
  });
});
