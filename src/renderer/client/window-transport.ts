import type { ClientMessage, HostMessage } from '../../shared/contract.js';
import type { Transport } from './transport.js';

/** The frozen object that the preload script puts on `window`. */
export interface WinnowBridge {
  send(message: ClientMessage): void;
  onMessage(callback: (message: HostMessage) => void): void;
}

/** The transport inside the application's window. The shell owns the link, so it is always open; it tells when the host dies. */
export function windowTransport(bridge: WinnowBridge): Transport {
  return {
    send(message) {
      bridge.send(message);
      return true;
    },
    onMessage: (callback) => bridge.onMessage(callback),
    onState: (callback) => queueMicrotask(() => callback('open', null)),
    retryNow() {},
    close() {},
  };
}
