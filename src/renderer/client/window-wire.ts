import type { Wire, WireEvents } from '../../shared/client.js';
import type { ClientMessage, HostMessage } from '../../shared/contract.js';

/** The frozen object that the preload script puts on `window`. */
export interface WinnowBridge {
  send(message: ClientMessage): void;
  onMessage(callback: (message: HostMessage) => void): void;
}

declare global {
  interface Window {
    readonly winnow?: WinnowBridge;
  }
}

/**
 * The wire inside the application's window. The shell owns the connection and keeps it over a restart of the host, so this one
 * never closes; the shell tells of the host's life by events.
 */
export function windowWire(bridge: WinnowBridge, events: WireEvents): Promise<Wire> {
  bridge.onMessage((message) => events.message(message));
  return Promise.resolve({ send: (message) => bridge.send(message), close() {} });
}
