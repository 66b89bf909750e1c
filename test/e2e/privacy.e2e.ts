import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../helpers/browser.js';
import { clipName } from '../helpers/clips.js';
import { leavesOut, temporaryFolder } from '../helpers/project.js';
import { WinnowPage, serve } from '../helpers/served-page.js';

const without = leavesOut('that no request leaves', [CHROMIUM === undefined && 'no Chromium']);

interface NetLog {
  readonly constants: { readonly logSourceType: Record<string, number> };
  readonly events: readonly {
    readonly source: { readonly type: number };
    readonly params?: { readonly url?: string; readonly initiator?: string };
  }[];
}

/**
 * Addresses that a page of `origin` made the browser ask for: by documents, workers, sockets and links. What the browser's own
 * services ask for (updates, accounts, its autofill server) names no page as its initiator and is none of the page's doing;
 * `NOWHERE_ELSE` keeps it from the network.
 */
function askedByPage(path: string, origin: string): string[] {
  const { constants, events } = JSON.parse(readFileSync(path, 'utf8')) as NetLog;
  const type = constants.logSourceType.URL_REQUEST;
  const urls = events.flatMap(({ source, params }) => {
    return source.type === type && params?.url !== undefined && params.initiator === origin ? [params.url] : [];
  });
  return [...new Set(urls)].filter((url) => !/^(blob|data):/.test(url));
}

/** No name resolves but this computer's. */
const NOWHERE_ELSE = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

describe.skipIf(without)('a session from the first page to the last word', () => {
  const folder = temporaryFolder('privacy');
  afterAll(() => folder.remove());

  it('asks nobody outside this computer for anything', async () => {
    const outgoing = join(folder.path, 'outgoing.log');
    const netLog = join(folder.path, 'net-log.json');
    const { command, address } = await serve({
      WINNOW_HOME: join(folder.path, 'home'),
      OUTGOING_LOG: outgoing,
      NODE_OPTIONS: `--import=${new URL('../helpers/outgoing-log.mjs', import.meta.url).href}`,
    });
    const browser = await launchBrowser({ args: [NOWHERE_ELSE, `--log-net-log=${netLog}`] });
    const context = await browser.newContext();
    const byPage: string[] = [];
    context.on('request', (request) => byPage.push(request.url()));
    context.on('page', (page) => page.on('websocket', (socket) => byPage.push(socket.url())));

    const winnow = await WinnowPage.open(context, address);
    await winnow.choose('Input', `demo:${clipName('yes')}`);
    await winnow.listen();
    await winnow.heard('yes');
    for (const key of ['2', '3', '1']) await winnow.page.keyboard.press(key);
    await winnow.page.reload();
    await winnow.ready();
    await browser.close();
    await command.stop();

    const { host, origin } = new URL(address);
    expect(byPage.length).toBeGreaterThan(2);
    expect(byPage.some((url) => url.startsWith('ws://'))).toBe(true);
    expect(byPage.filter((url) => new URL(url).host !== host && !/^(blob|data):/.test(url))).toEqual([]);

    const byBrowser = askedByPage(netLog, origin);
    expect(byBrowser.length).toBeGreaterThan(2);
    expect(byBrowser.filter((url) => new URL(url).host !== host)).toEqual([]);

    expect(existsSync(outgoing)).toBe(true);
    const lines = readFileSync(outgoing, 'utf8').trim().split('\n');
    // The serving process and its engine host both wrote down that they were there.
    expect(new Set(lines.filter((line) => line.endsWith(' start')).map((line) => line.split(' ')[0])).size).toBeGreaterThan(1);
    expect(lines.filter((line) => !/ start$| (127\.0\.0\.1|localhost)(:\d+)?$/.test(line))).toEqual([]);
  });
});
