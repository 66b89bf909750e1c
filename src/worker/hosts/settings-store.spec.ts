import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, Settings } from '../../shared/contract.js';
import type { WinnowError } from '../../shared/errors.js';
import { SETTINGS_FILE, SettingsStore } from './settings-store.js';

let home: string;
let problems: WinnowError[];
const open = (): Promise<SettingsStore> => SettingsStore.open(home, (error) => problems.push(error));
const file = (): string => join(home, SETTINGS_FILE);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'winnow-settings-'));
  problems = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('settings', () => {
  it('begin with the defaults and come back as they were set', async () => {
    const first = await open();
    expect(first.get()).toEqual(DEFAULT_SETTINGS);
    first.set({ theme: 'dark' });
    for (let i = 0; i <= 20; i++) first.set({ noise: { kind: 'pink', eta: i / 40, seed: 3 } });
    await first.flush();
    const again = (await open()).get();
    expect(again).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', noise: { kind: 'pink', eta: 0.5, seed: 3 } });
    expect(await readdir(home)).toEqual([SETTINGS_FILE]);
    expect(problems).toEqual([]);
  });

  it('refuse a value that cannot be, and keep what was', async () => {
    const store = await open();
    expect(() => store.set({ noise: { kind: 'white', eta: 7, seed: 1 } })).toThrow();
    expect(store.get()).toEqual(DEFAULT_SETTINGS);
  });

  it.each([
    ['nothing', ''],
    ['half a file', '{"version":1,"input":'],
    ['another version', JSON.stringify({ ...DEFAULT_SETTINGS, version: 2 })],
    ['a value out of range', JSON.stringify({ ...DEFAULT_SETTINGS, noise: { kind: 'white', eta: 2, seed: 1 } })],
    ['no object', '"hello"'],
    ['bytes', '\u0000\ufffd\u0001'],
  ])('[negative] keep a file with %s aside, say so, and go on with the defaults', async (_, text) => {
    await writeFile(file(), text);
    const store = await open();
    expect(store.get()).toEqual(DEFAULT_SETTINGS);
    expect(problems.map(({ code }) => code)).toEqual(['settings-unreadable']);
    const kept = String(problems[0]!.details['kept']);
    expect(await readFile(kept, 'utf8')).toBe(text);
    store.set({ theme: 'light' });
    await store.flush();
    expect(Settings.parse(JSON.parse(await readFile(file(), 'utf8'))).theme).toBe('light');
  });

  it('[negative] report a folder that cannot be written, once for each attempt, and stay in effect', async () => {
    await writeFile(join(home, 'file'), '');
    const store = await SettingsStore.open(join(home, 'file', 'sub'), (error) => problems.push(error));
    problems = [];
    store.set({ theme: 'dark' });
    await store.flush();
    expect(problems.map(({ code }) => code)).toEqual(['settings-not-saved']);
    expect(store.get().theme).toBe('dark');
    await mkdir(join(home, 'blocked', SETTINGS_FILE), { recursive: true });
    const blocked = await SettingsStore.open(join(home, 'blocked'), () => undefined);
    blocked.set({ theme: 'dark' });
    await blocked.flush();
    expect((await readdir(join(home, 'blocked'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('are never taken from bytes that are none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        await writeFile(file(), text);
        expect((await open()).get()).toEqual(DEFAULT_SETTINGS);
      }),
      { seed: 1, numRuns: 30 },
    );
  });
});
