import { isAbsolute, join, relative, resolve } from 'node:path';

export const PAGE_SCHEME = 'app';
const PAGE_HOST = 'winnow';
export const PAGE_ORIGIN = `${PAGE_SCHEME}://${PAGE_HOST}`;

/**
 * What the page may do: its own scripts, styles, pictures and audio worklets; sound and pictures that it made itself; no request
 * to anywhere. Svelte writes some styles as attributes.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob: data:",
  "font-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function isPage(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === `${PAGE_SCHEME}:` && url.host === PAGE_HOST;
  } catch {
    return false;
  }
}

/** The file below `folder` that an address of the page names; undefined for any other address and for what lies outside. */
export function pageFile(folder: string, address: string): string | undefined {
  if (!isPage(address)) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(new URL(address).pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.includes('\\')) return undefined;
  const file = resolve(join(folder, path === '/' ? 'index.html' : path));
  const below = relative(folder, file);
  return below === '' || below.startsWith('..') || isAbsolute(below) ? undefined : file;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  wav: 'audio/wav',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
};

export function mediaType(file: string): string {
  return TYPES[file.slice(file.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}
