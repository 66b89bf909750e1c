import { readFile } from 'node:fs/promises';
import { protocol } from 'electron';
import { PAGE_POLICY } from '../shared/page-policy.js';
import { resolveFile } from '../worker/serve/static-files.js';
import { PAGE_SCHEME, isPage } from './page-address.js';

/** Before the application is ready: the page gets an origin of its own that counts as secure (microphone, audio worklets). */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the bundled page from `folder`, and nothing else. */
export function servePage(folder: string): void {
  protocol.handle(PAGE_SCHEME, async ({ method, url }) => {
    const found = method === 'GET' && isPage(url) ? await resolveFile(folder, new URL(url).pathname) : undefined;
    if (found === undefined) return new Response('Not found', { status: 404 });
    return new Response(new Uint8Array(await readFile(found.file)), {
      headers: {
        'content-type': found.type,
        'content-security-policy': PAGE_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    });
  });
}
