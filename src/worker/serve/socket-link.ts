import type { RawData, WebSocket } from 'ws';
import type { Link } from '../hosts/host-link.js';

/** A client that leaves this much unread is disconnected: it reconnects and is sent what it missed. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;

/** A link over a WebSocket: one JSON value per text message. A message that is none closes it. */
export function socketLink(socket: WebSocket): Link {
  return {
    send: (message) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) return socket.terminate();
      socket.send(JSON.stringify(message));
    },
    onMessage: (listener) =>
      void socket.on('message', (data: RawData, binary: boolean) => {
        let message: unknown;
        try {
          if (binary) throw new SyntaxError('binary');
          message = JSON.parse((data as Buffer).toString('utf8'));
        } catch {
          return socket.close(1007);
        }
        listener(message);
      }),
    onClose: (listener) => void socket.once('close', listener),
    close: () => socket.close(1008),
  };
}
