import type { ClientMessage, HostMessage } from '../../shared/contract.js';
import { backoffMs } from './backoff.js';
import type { LinkState, Transport } from './transport.js';

/** An attempt that has not opened by then counts as failed. */
export const CONNECT_TIMEOUT_MS = 5000;

/** What of WebSocket is used; a test passes its own. */
export type Socket = Pick<WebSocket, 'readyState' | 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

const OPEN = 1;

/** The transport of a page that `winnow serve` offers: one WebSocket, opened again with back-off whenever it closes. */
export class WebSocketTransport implements Transport {
  #socket: Socket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #message: (message: HostMessage) => void = () => {};
  #state: (state: LinkState, retryInMs: number | null) => void = () => {};

  constructor(
    private readonly open: () => Socket,
    private readonly random: () => number = Math.random,
  ) {
    // The owner registers its callbacks first.
    this.#timer = setTimeout(() => this.#connect(), 0);
  }

  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  onMessage(callback: (message: HostMessage) => void): void {
    this.#message = callback;
  }

  onState(callback: (state: LinkState, retryInMs: number | null) => void): void {
    this.#state = callback;
  }

  retryNow(): void {
    if (this.#closed || this.#socket !== null) return;
    this.#attempt = 0;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#state('connecting', null);
    let socket: Socket;
    try {
      socket = this.open();
    } catch {
      this.#lost();
      return;
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#drop(socket), CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      clearTimeout(this.#timer);
      this.#attempt = 0;
      this.#state('open', null);
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      let message: HostMessage;
      try {
        message = JSON.parse(String(event.data)) as HostMessage;
      } catch {
        // Not our host: a link that talks garbage is no link.
        this.#drop(socket);
        return;
      }
      this.#message(message);
    };
    socket.onclose = () => this.#drop(socket);
  }

  #drop(socket: Socket): void {
    if (this.#socket !== socket) return;
    socket.close();
    this.#lost();
  }

  #lost(): void {
    this.#socket = null;
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const waitMs = backoffMs(this.#attempt++, this.random());
    this.#state('lost', waitMs);
    this.#timer = setTimeout(() => this.#connect(), waitMs);
  }
}

/** The socket of the page's own origin; the token that came with the address goes along. */
export function pageSocketUrl(location: Pick<Location, 'protocol' | 'host' | 'search'>): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}/socket${location.search}`;
}
