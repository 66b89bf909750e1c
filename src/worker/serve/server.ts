import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { EngineEvent } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import { PAGE_POLICY } from '../../shared/page-policy.js';
import type { Link } from '../hosts/host-link.js';
import { Access } from './access.js';
import { EventStream } from './event-stream.js';
import { socketLink } from './socket-link.js';
import { resolveFile, sendFile } from './static-files.js';

/** A dropped model of 8 MB and more in base64, with room for the message around it. */
const MESSAGE_BYTES_MAX = 13 * 1024 * 1024;
const SOCKETS_MAX = 16;
const HEADERS_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': PAGE_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'microphone=(self), camera=(), geolocation=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

export interface ServeOptions {
  /** Address to listen on; anything but a loopback address makes every client a remote one. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the built page. */
  readonly page: string;
  /** Takes a client's link; `local` as in `Supervisor.attach`. */
  attach(link: Link, local: boolean): void;
}

export interface PageServer {
  /** With the token: whoever has it may use the page. */
  readonly address: string;
  /** Passes an engine's event on to the programs that listen on `/events`. */
  publish(event: EngineEvent): void;
  close(): Promise<void>;
}

/**
 * Offers the page, its WebSocket (`/socket`) and the events for other programs (`/events`).
 * @throws WinnowError `serve-no-page`, `serve-port`
 */
export async function startServer(options: ServeOptions): Promise<PageServer> {
  const index = join(options.page, 'index.html');
  if (!existsSync(index)) throw new WinnowError('serve-no-page', { path: index });
  const access = new Access(isIP(options.host) === 0 ? [options.host] : []);
  const events = new EventStream();
  const server = createServer({ maxHeaderSize: HEADERS_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false });

  server.on('request', (request, response) => {
    answer(request, response, access, events, options.page).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal = access.check(request);
    if (refusal) return refuseUpgrade(socket, refusal.status);
    if (pathOf(request) !== '/socket') return refuseUpgrade(socket, 404);
    if (sockets.clients.size >= SOCKETS_MAX) return refuseUpgrade(socket, 503);
    const local = isLoopback(request.socket.remoteAddress) && isLoopback(options.host);
    sockets.handleUpgrade(request, socket, head, (client) => {
      // An error (a message too large, a broken frame) is followed by close, which is what ends the client's session.
      client.on('error', () => undefined);
      options.attach(socketLink(client), local);
    });
  });

  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const name = isIP(options.host) === 6 ? `[${options.host}]` : options.host;
  return {
    address: `http://${name}:${port}/?token=${access.token}`,
    publish: (event) => events.publish(event),
    close: async () => {
      events.close();
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new WinnowError('serve-port', { host, port, reason: error.message }, { cause: error })),
    );
    server.listen(port, host, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  events: EventStream,
  page: string,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const refusal = access.check(request);
  if (refusal) return refuse(response, refusal.status);
  const body = request.method === 'GET';
  if (!body && request.method !== 'HEAD') return refuse(response, 405);
  const path = pathOf(request);
  if (path === '/events' && body) {
    const last = request.headers['last-event-id'];
    if (!events.add(response, Array.isArray(last) ? last[0] : last)) refuse(response, 503);
    return;
  }
  const found = await resolveFile(page, path);
  if (!found) return refuse(response, 404);
  if (path === '/') response.setHeader('Set-Cookie', access.cookie(request.socket.localPort ?? 0));
  sendFile(response, found, body);
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'This address needs the token that "winnow serve" printed.',
  403: 'Requests from other pages are not answered.',
  404: 'There is nothing here.',
  405: 'Only GET and HEAD are answered.',
  421: 'This server does not go by that name.',
  503: 'Too many connections.',
};

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`${REASONS[status]}\n`);
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The address's path as it was sent: not normalised, so that a path that plays tricks is seen as it is. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!;
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:/, '');
  return plain === '::1' || plain === 'localhost' || (isIP(plain) === 4 && plain.startsWith('127.'));
}
