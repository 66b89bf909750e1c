import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomModel, randomSpec } from '../../../test/helpers/random-networks.js';
import { modelNonZeros } from './counts.js';
import { encodeModel } from './model-file.js';
import { ModelRegistry } from './registry.js';

const model = (seed: number, name = 'mine') => {
  const made = randomModel(randomSpec(seed, { channels: 1, height: 32, width: 32 }), seed);
  return { ...made, name };
};

let root: string;
let shipped: string;
let home: string;
let registry: ModelRegistry;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'winnow-registry-'));
  shipped = join(root, 'resources');
  home = join(root, 'home');
  mkdirSync(shipped);
  writeFileSync(join(shipped, 'commands.safetensors'), encodeModel(model(1, 'commands')));
  registry = new ModelRegistry(shipped, home);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the registry', () => {
  it('lists what ships and what the user made, newest first', async () => {
    expect(await registry.add(model(2))).toBe('mine@1');
    expect(await registry.add(model(3))).toBe('mine@2');
    const { models, problems } = await registry.list();
    expect(models.map(({ id, shipped: ships }) => [id, ships])).toEqual([
      ['commands', true],
      ['mine@2', false],
      ['mine@1', false],
    ]);
    expect(models[1]!.nonZeros).toBe(modelNonZeros(model(3)));
    expect(problems).toEqual([]);
  });

  it('shows the figures of the card', async () => {
    const noise = { eta: [0, 0.5], accuracy: [0.9, 0.2] };
    const report = { command: 'winnow train', seed: 1, data: 'd', split: 's', test: { accuracy: 0.9, noise } };
    const id = await registry.add({ ...model(2), report });
    expect((await registry.summaryOf(id)).card).toEqual({ testAccuracy: 0.9, noise });
    expect((await registry.summaryOf('commands')).card).toEqual({});
  });

  it('opens by id, by name (newest), by path, and the active one without a name', async () => {
    await registry.add(model(2));
    await registry.add(model(3));
    expect((await registry.open('mine@1')).model.spec.name).toBe('random2');
    expect((await registry.open('mine')).model.spec.name).toBe('random3');
    expect((await registry.open(join(shipped, 'commands.safetensors'))).model.name).toBe('commands');
    expect((await registry.open()).id).toBe('commands');
    await registry.use('mine@1');
    expect((await registry.open()).id).toBe('mine@1');
    await expect(registry.open('nothing')).rejects.toMatchObject({ code: 'model-unknown' });
    await expect(registry.open('../commands')).rejects.toMatchObject({ code: 'model-read' });
  });

  it('keeps one version of equal contents, and never gives a number twice', async () => {
    await registry.add(model(2));
    expect(await registry.import(encodeModel(model(2)))).toBe('mine@1');
    await registry.delete('mine@1');
    expect((await registry.list()).models.map(({ id }) => id)).toEqual(['commands']);
    expect(await registry.add(model(2))).toBe('mine@2');
  });

  it('gives concurrent imports versions of their own', async () => {
    const ids = await Promise.all([2, 3, 4, 5].map((seed) => new ModelRegistry(shipped, home).add(model(seed))));
    expect(ids.sort()).toEqual(['mine@1', 'mine@2', 'mine@3', 'mine@4']);
  });

  it('takes no odd names, and makes plain ones of the models own', async () => {
    await expect(registry.add(model(2), '../evil')).rejects.toMatchObject({ code: 'model-name' });
    expect(await registry.add(model(2, '../a b/c'))).toBe('a-b-c@1');
    expect(readdirSync(root).sort()).toEqual(['home', 'resources']);
  });

  it('refuses to delete what ships and what is active', async () => {
    const id = await registry.add(model(2));
    await registry.use(id);
    await expect(registry.delete(id)).rejects.toMatchObject({ code: 'model-active' });
    await expect(registry.delete('commands')).rejects.toMatchObject({ code: 'model-shipped' });
  });

  it('leaves nothing of an import that is refused', async () => {
    const bytes = encodeModel(model(2));
    bytes[bytes.length - 1]! ^= 1;
    await expect(registry.import(bytes)).rejects.toMatchObject({ code: 'model-hash' });
    expect(existsSync(home)).toBe(false);
  });

  it('goes on when a file is damaged, and names it', async () => {
    const id = await registry.add(model(2));
    const path = join(home, 'models', 'mine', '1', 'model.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    const { models, problems } = await registry.list();
    expect(models.map((summary) => summary.id)).toEqual(['commands']);
    expect(problems).toMatchObject([{ id, error: { code: 'model-format' } }]);
    await expect(registry.use(id)).rejects.toMatchObject({ code: 'model-format' });
    expect(await registry.activeId()).toBe('commands');
  });

  it('falls back to the default when the pointer is damaged', async () => {
    mkdirSync(home);
    writeFileSync(join(home, 'active-model.json'), '{"version":1,"id"');
    expect(await registry.activeId()).toBe('commands');
  });
});
