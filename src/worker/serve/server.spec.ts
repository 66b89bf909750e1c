import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Detection } from '../../shared/contract.js';
import type { Link } from '../hosts/host-link.js';
import { startServer, type PageServer } from './server.js';

let folder: string;
let server: PageServer;
let attached: { link: Link; local: boolean }[];
let origin: string;
let token: string;

const start = async (host = '127.0.0.1'): Promise<void> => {
  server = await startServer({
    host,
    port: 0,
    page: join(folder, 'page'),
    attach: (link, local) => {
      attached.push({ link, local });
      link.onMessage((message) => link.send(message));
    },
  });
  const url = new URL(server.address);
  origin = `http://127.0.0.1:${url.port}`;
  token = url.searchParams.get('token')!;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-serve-'));
  await mkdir(join(folder, 'page', 'assets'), { recursive: true });
  await writeFile(join(folder, 'page', 'index.html'), '<!doctype html><title>Winnow</title>');
  await writeFile(join(folder, 'page', 'assets', 'index-1.js'), 'export {};');
  await writeFile(join(folder, 'page', '.hidden.js'), 'secret');
  await writeFile(join(folder, 'secret.js'), 'secret');
  await symlink(join(folder, 'secret.js'), join(folder, 'page', 'link.js'));
  attached = [];
  await start();
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** A request exactly as written: fetch would tidy up the path and set its own Host. */
function raw(lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1', () => socket.write(lines.join('\r\n') + '\r\n\r\n'));
    let text = '';
    socket.on('data', (data) => (text += String(data)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
const host = (): string => new URL(origin).host;
const get = (path: string, ...headers: string[]): Promise<string> =>
  raw([`GET ${path} HTTP/1.1`, `Host: ${host()}`, 'Connection: close', ...headers]);

function socket(query: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(`${origin.replace('http', 'ws')}/socket${query}`, { headers });
    client.on('open', () => resolve(client));
    client.on('error', reject);
  });
}
const closeCode = (client: WebSocket): Promise<number> => new Promise((resolve) => client.on('close', resolve));

describe('the page', () => {
  it('comes with the token only, and then by its cookie', async () => {
    expect((await fetch(`${origin}/`)).status).toBe(401);
    expect((await fetch(`${origin}/?token=${token.slice(1)}A`)).status).toBe(401);
    const page = await fetch(server.address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Winnow</title>');
    const cookie = page.headers.get('set-cookie')!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    const asset = await fetch(`${origin}/assets/index-1.js`, { headers: { cookie: cookie.split(';')[0]! } });
    expect([asset.status, asset.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect((await fetch(`${origin}/assets/index-1.js`)).status).toBe(401);
  });

  it('says what it may do, also when it refuses', async () => {
    for (const response of [await fetch(server.address), await fetch(origin)]) {
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toContain('unsafe');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/assets/../../secret.js',
    '/..\\secret.js',
    '/.hidden.js',
    '//etc/passwd',
    '/link.js',
    '/assets',
    '/assets/',
    '/index.html%00.js',
    '/%',
    '/package.json',
  ])('serves nothing for %s', async (path) => {
    const answer = await get(`${path}?token=${token}`);
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).not.toContain('secret');
  });

  it('answers to its own names only', async () => {
    const ask = (name: string): Promise<string> => raw([`GET /?token=${token} HTTP/1.1`, `Host: ${name}`, 'Connection: close']);
    expect(await ask('attacker.example')).toMatch(/^HTTP\/1.1 421 /);
    expect(await ask('127.0.0.1.attacker.example')).toMatch(/^HTTP\/1.1 421 /);
    expect(await ask('localhost')).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(host())).toMatch(/^HTTP\/1.1 200 /);
  });

  it('answers no request of another page, nor any that would change something', async () => {
    expect(await get(`/?token=${token}`, 'Origin: http://attacker.example')).toMatch(/^HTTP\/1.1 403 /);
    expect(await get(`/?token=${token}`, 'Origin: null')).toMatch(/^HTTP\/1.1 403 /);
    expect((await fetch(server.address, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('refuses to start where the page is missing or the port is taken', async () => {
    const { port } = new URL(origin);
    const attach = (): void => undefined;
    await expect(startServer({ host: '127.0.0.1', port: 0, page: folder, attach })).rejects.toMatchObject({
      code: 'serve-no-page',
    });
    const taken = startServer({ host: '127.0.0.1', port: Number(port), page: join(folder, 'page'), attach });
    await expect(taken).rejects.toMatchObject({ code: 'serve-port', exit: 2 });
  });
});

describe('the socket', () => {
  it('opens with the token and the right origin, and carries messages', async () => {
    await expect(socket('')).rejects.toThrow('401');
    await expect(socket(`?token=${token}`, { Origin: 'http://attacker.example' })).rejects.toThrow('403');
    await expect(socket(`?token=${token}`, { Host: 'attacker.example' })).rejects.toThrow('421');
    expect(attached).toEqual([]);
    const client = await socket(`?token=${token}`, { Origin: origin });
    expect(attached[0]!.local).toBe(true);
    client.send('{"a":1}');
    expect(await new Promise((resolve) => client.once('message', (data) => resolve(String(data))))).toBe('{"a":1}');
    client.close();
  });

  it('closes on a message that is no JSON or too large, and goes on serving others', async () => {
    const other = await socket(`?token=${token}`);
    const odd = await socket(`?token=${token}`);
    odd.send('{');
    expect(await closeCode(odd)).toBe(1007);
    const binary = await socket(`?token=${token}`);
    binary.send(Buffer.from('{}'));
    expect(await closeCode(binary)).toBe(1007);
    const large = await socket(`?token=${token}`);
    large.send('"' + 'x'.repeat(14 * 1024 * 1024) + '"');
    expect(await closeCode(large)).toBe(1009);
    other.send('1');
    expect(await new Promise((resolve) => other.once('message', (data) => resolve(String(data))))).toBe('1');
    other.close();
  });

  it('limits the number of clients', async () => {
    const clients = await Promise.all(Array.from({ length: 16 }, () => socket(`?token=${token}`)));
    await expect(socket(`?token=${token}`)).rejects.toThrow('503');
    for (const client of clients) client.terminate();
  });

  it('knows a client as local only where nobody else can reach it', async () => {
    await server.close();
    await start('0.0.0.0');
    const client = await socket(`?token=${token}`);
    expect(attached[0]!.local).toBe(false);
    client.close();
  });
});

describe('events for other programs', () => {
  const detection = (id: number): Detection => ({
    id,
    label: 'yes',
    confidence: 0.9,
    timeMs: 1000,
    firedMs: 1200,
    modelId: 'commands',
    scores: { yes: 0.9 },
  });

  /** Reads until the text holds `until`. */
  async function listen(until: string, headers: Record<string, string> = {}, published?: () => void): Promise<string> {
    const abort = new AbortController();
    const response = await fetch(`${origin}/events?token=${token}`, { headers, signal: abort.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    published?.();
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes(until)) break;
    }
    abort.abort();
    return text;
  }

  it('sends detections, and after a reconnection what was missed', async () => {
    expect((await fetch(`${origin}/events`)).status).toBe(401);
    const text = await listen('id: 7', {}, () => {
      server.publish({ kind: 'models' });
      server.publish({ kind: 'detection', detection: detection(7) });
    });
    const data = JSON.parse(/^data: (.*)$/m.exec(text)![1]!) as unknown;
    expect(data).toEqual({ label: 'yes', confidence: 0.9, timeMs: 1000, firedMs: 1200, model: 'commands', scores: { yes: 0.9 } });
    expect(text.match(/^event: /gm)).toHaveLength(1);
    server.publish({ kind: 'detection', detection: detection(8) });
    server.publish({ kind: 'detection', detection: detection(9) });
    const missed = await listen('id: 9', { 'Last-Event-ID': '7' });
    expect(missed.match(/^id: \d+$/gm)).toEqual(['id: 8', 'id: 9']);
  });
});
