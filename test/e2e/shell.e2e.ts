import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import { artefact, leavesOut, temporaryFolder } from '../helpers/project.js';
import { WinnowPage } from '../helpers/served-page.js';
import { StandInShell, electronProgram, startElectron, type Shell } from '../helpers/shell.js';

const electron = electronProgram();
const without = electron === undefined && leavesOut('the shell', [CHROMIUM === undefined && 'neither Electron nor Chromium']);
if (electron === undefined && !without) {
  console.log("no Electron program here: the shell's own bundles run on the stand-in for the electron module");
}
const POLL_MS = 50;

describe.skipIf(without)(`the shell (${electron ? 'Electron' : 'stand-in'})`, () => {
  const home = temporaryFolder('shell');
  let shell: Shell;
  let winnow: WinnowPage;
  beforeAll(async () => {
    const env = { WINNOW_HOME: home.path };
    shell = electron ? await startElectron(electron, env) : await StandInShell.start(env);
    winnow = new WinnowPage(shell.page);
    await winnow.ready();
  });
  afterAll(async () => {
    await shell?.close();
    home.remove();
  });

  it('hears a word in its window', async () => {
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.heard('yes');
    await shell.page.screenshot({ path: artefact('shell.png') });
  });

  it('tells that the engine has died, starts it again and goes on listening', async () => {
    // The one clip ends by itself.
    await shell.page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
    await winnow.choose('Input', 'demo:');
    await winnow.listen();
    await winnow.status(/Listening: /);
    const told = winnow.status(/Engine has ended|Engine starts again/);
    await shell.killEngine();
    await told;
    await winnow.status('Engine running');
    await winnow.status(/Listening: /);
  });

  it('offers the page one frozen object and nothing of Node', async () => {
    expect(await shell.page.evaluate('[Object.isFrozen(winnow), Object.keys(winnow).sort().join()]')).toEqual([
      true,
      'onMessage,send',
    ]);
    expect(await shell.page.evaluate('[typeof require, typeof process, typeof module]')).toEqual(Array(3).fill('undefined'));
  });

  it('breaks no rule of its own policy and leaves no error uncaught', () => {
    expect(winnow.complaints).toEqual([]);
  });
});

describe.skipIf(without || electron !== undefined)('the shell’s own work (stand-in)', () => {
  const home = temporaryFolder('shell-work');
  let shell: StandInShell;
  let winnow: WinnowPage;
  beforeAll(async () => {
    shell = await StandInShell.start({ WINNOW_HOME: home.path });
    winnow = new WinnowPage(shell.page);
    await winnow.ready();
  });
  afterAll(async () => {
    await shell?.close();
    home.remove();
  });

  async function until(holds: (state: Awaited<ReturnType<StandInShell['state']>>) => boolean): Promise<void> {
    while (!holds(await shell.state())) await wait(POLL_MS);
  }

  /** The tray is quicker than the page: what was chosen there must have reached the host, which writes it down. */
  async function arrived(choice: string): Promise<void> {
    const settings = join(home.path, 'settings.json');
    while (!existsSync(settings) || !readFileSync(settings, 'utf8').includes(choice)) await wait(POLL_MS);
  }

  it('isolates the page', async () => {
    expect((await shell.state()).windows[0]!.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
    });
  });

  it('grants its own page the microphone, and nothing else to anyone', async () => {
    const own = 'app://winnow/';
    const asked = (permission: string, types: string[], requestingUrl: string) =>
      shell.do<boolean>('permission', permission, { mediaTypes: types, requestingUrl });
    expect(await asked('media', ['audio'], own)).toBe(true);
    for (const [permission, types, url] of [
      ['media', ['video'], own],
      ['media', ['audio', 'video'], own],
      ['media', ['audio'], 'https://example.org/'],
      ['geolocation', [], own],
      ['notifications', [], own],
    ] as const) {
      expect(await asked(permission, [...types], url), `${permission} ${types} ${url}`).toBe(false);
    }
    expect(await shell.do('permissionCheck', 'media', own, { mediaType: 'audio' })).toBe(true);
    expect(await shell.do('permissionCheck', 'media', own, { mediaType: 'video' })).toBe(false);
    expect(await shell.do('permissionCheck', 'media', 'https://example.org/', { mediaType: 'audio' })).toBe(false);
  });

  it('stays on its page: no navigation, no new window, no request to another place', async () => {
    const { page } = shell;
    const { url, requests } = { url: page.url(), requests: (await shell.state()).requests.length };
    await page.evaluate("location.href = 'https://example.org/away'");
    await page.evaluate("void window.open('https://example.org/popup')");
    await page.evaluate("fetch('https://example.org/data').catch(() => 0)");
    await until(({ windows }) => windows[0]!.opened.length > 0);
    const state = await shell.state();
    expect(state.windows).toHaveLength(1);
    expect(state.windows[0]!.opened).toEqual([{ action: 'deny' }]);
    expect(page.url()).toBe(url);
    const asked = state.requests.slice(requests).filter((address) => !address.startsWith('app://winnow/'));
    expect(asked.filter((address) => !address.endsWith('/popup'))).toEqual([]);
    winnow.complaints.length = 0;
  });

  it('follows the chosen theme', async () => {
    await shell.page.getByRole('link', { name: 'Settings' }).click();
    await shell.page.getByRole('radio', { name: 'Dark' }).check();
    await until(({ theme }) => theme === 'dark');
    await shell.page.getByRole('link', { name: 'Listen' }).click();
  });

  it('listens from the tray and the menu, and goes on while its window is hidden', async () => {
    await winnow.choose('Input', 'demo:');
    await arrived('"demo"');
    await until(({ tray }) => tray?.items[1] === 'Start Listening');
    await shell.do('clickTray', 'Start Listening');
    await until(({ tray }) => tray?.toolTip === 'Winnow is listening' && tray.items[1] === 'Stop Listening');
    await winnow.status(/Listening: /);
    await shell.do('closeWindow');
    expect((await shell.state()).windows).toMatchObject([{ visible: false }]);
    await winnow.region('Detections').getByRole('listitem').first().waitFor();
    await shell.do('clickTray', 'Show Winnow');
    expect((await shell.state()).windows).toMatchObject([{ visible: true }]);
    await shell.do('clickMenu', 'Start or Stop Listening');
    await winnow.status('Not listening');
    await until(({ tray }) => tray?.toolTip === 'Winnow');
  });

  it('[negative] tells of an input that cannot be opened from the tray', async () => {
    await winnow.choose('Input', { label: 'WAV or FLAC file…' });
    await shell.page.getByLabel('Path of the file on this computer').fill('/there/is/no.wav');
    await shell.page.getByLabel('Path of the file on this computer').press('Enter');
    await arrived('/there/is/no.wav');
    await shell.do('clickTray', 'Start Listening');
    await until(({ dialogs }) => dialogs.length > 0);
    expect((await shell.state()).dialogs[0]).toMatchObject({
      message: expect.stringContaining('/there/is/no.wav'),
      detail: expect.stringMatching(/\w/),
    });
  });

  it('ends, engine and all, when its window is closed while it does not listen', async () => {
    await until(({ tray }) => tray?.toolTip === 'Winnow');
    const { engines } = await shell.state();
    void shell.do('closeWindow').catch(() => undefined);
    expect(await shell.ended).toBe(0);
    for (const { pid } of engines) expect(() => process.kill(pid, 0)).toThrow();
  });
});
