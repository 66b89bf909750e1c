import type { Wire, WireEvents } from '../../shared/client.js';
import type { HostMessage } from '../../shared/contract.js';

/** An attempt that has not opened by then counts as failed. */
export const CONNECT_TIMEOUT_MS = 5000;

/** What of WebSocket is used; a test passes its own. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

/** The wire of a page that `winnow serve` offers: resolves once the socket is open, rejects if it does not open in time. */
export function socketWire(open: () => Socket, events: WireEvents): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = open();
    let opened = false;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.close();
      if (opened) events.closed();
      else reject(new Error('The socket did not open.'));
    };
    const timer = setTimeout(end, CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      if (over) return;
      clearTimeout(timer);
      opened = true;
      resolve({ send: (message) => socket.send(JSON.stringify(message)), close: end });
    };
    socket.onmessage = (event) => {
      if (over) return;
      let message: HostMessage;
      try {
        message = JSON.parse(String(event.data)) as HostMessage;
      } catch {
        // A wire that talks garbage is no wire to our host.
        end();
        return;
      }
      events.message(message);
    };
    socket.onclose = end;
  });
}

/** The socket of the page's own origin; the token that came with the address goes along. */
export function pageSocketUrl(location: Pick<Location, 'protocol' | 'host' | 'search'>): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}/socket${location.search}`;
}
