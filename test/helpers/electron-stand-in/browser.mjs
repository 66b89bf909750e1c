// The system's Chromium behind BrowserWindow: one browser, one context; requests go to the protocol's handler or nowhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

/** The page's origin in Chromium, which knows no app:// scheme; .invalid never resolves. */
const ORIGIN = 'https://winnow.invalid';
const APP_ORIGIN = 'app://winnow';

export const toApp = (url) => (url === ORIGIN || url.startsWith(`${ORIGIN}/`) ? APP_ORIGIN + url.slice(ORIGIN.length) : url);
export const toBrowser = (url) => (url.startsWith(APP_ORIGIN) ? ORIGIN + url.slice(APP_ORIGIN.length) : url);

/** Every address that a page asked for, as the shell names it. */
export const requests = [];
/** Handlers by scheme, filled by protocol.handle. */
export const schemes = new Map();

let context;
let profile;

export async function startBrowser() {
  profile = mkdtempSync(join(tmpdir(), 'winnow-stand-in-'));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.STAND_IN_CHROMIUM,
    args: [
      '--remote-debugging-port=0',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--autoplay-policy=no-user-gesture-required',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
    viewport: null,
  });
  await context.route('**/*', answer);
  return context;
}

export const profileFolder = () => profile;

export async function stopBrowser() {
  await context?.close();
  if (profile) rmSync(profile, { recursive: true, force: true });
}

async function answer(route) {
  const request = route.request();
  const url = toApp(request.url());
  requests.push(url);
  const handler = schemes.get(new URL(url).protocol.slice(0, -1));
  if (handler === undefined) return route.abort('addressunreachable');
  const response = await handler(new Request(url, { method: request.method() })).catch(() => Response.error());
  if (response.status === 0) return route.abort('failed');
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  });
}
