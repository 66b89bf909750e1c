import { readFile } from 'node:fs/promises';
import { protocol } from 'electron';
import { PAGE_POLICY, PAGE_SCHEME, mediaType, pageFile } from './page-address.js';

/** Before the application is ready: the page gets an origin of its own that counts as secure (microphone, audio worklets). */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the bundled page from `folder`, and nothing else. */
export function servePage(folder: string): void {
  protocol.handle(PAGE_SCHEME, async (request) => {
    const file = request.method === 'GET' ? pageFile(folder, request.url) : undefined;
    if (file === undefined) return new Response('Not found', { status: 404 });
    try {
      return new Response(new Uint8Array(await readFile(file)), {
        headers: {
          'content-type': mediaType(file),
          'content-security-policy': PAGE_POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        },
      });
    } catch {
      return new Response('Not found', { status: 404 });
    }
  });
}
