import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';

/** What the page consists of; nothing else is served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/**
 * Finds the file that an address path means, inside `root`.
 * @param path of the address, still percent-encoded, without the query
 * @returns undefined for anything that is no file of the page, whatever tricks the path plays
 */
export async function resolveFile(
  root: string,
  path: string,
): Promise<{ file: string; type: string; bytes: number } | undefined> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const parts = (decoded === '/' ? '/index.html' : decoded).split('/').slice(1);
  // Names of one level only: no empty ones, no dot files or parents, no separators of any system, no NUL.
  if (parts.some((part) => !/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) return undefined;
  const type = TYPES[extname(parts.at(-1)!)];
  if (type === undefined) return undefined;
  try {
    const folder = await realpath(root);
    const file = await realpath(join(folder, ...parts));
    if (!file.startsWith(folder + sep)) return undefined;
    const stats = await stat(file);
    return stats.isFile() ? { file, type, bytes: stats.size } : undefined;
  } catch {
    return undefined;
  }
}

/** Sends a found file; a failure half-way ends the connection, so that a part never passes for the whole. */
export function sendFile(response: ServerResponse, found: { file: string; type: string; bytes: number }, body: boolean): void {
  response.writeHead(200, { 'Content-Type': found.type, 'Content-Length': found.bytes });
  if (!body) return void response.end();
  createReadStream(found.file)
    .on('error', () => response.destroy())
    .pipe(response);
}
