import type { ClientMessage, HostMessage } from './contract.js';

/** The frozen object `window.winnow` that the preload script offers to the page inside the application's window. */
export interface WinnowBridge {
  /** Without a connection to an engine host a call is answered with the failure `engine-closed`, anything else is dropped. */
  send(message: ClientMessage): void;
  /**
   * One receiver; what arrived before it is kept for it. A connection to a new host begins with the event `host` `started`
   * (number 0), upon which the page sends `open`; its loss is told by `host` `died`.
   */
  onMessage(callback: (message: HostMessage) => void): void;
}

/** Channels between the preload script and the main process; the engine's messages go through a port of their own instead. */
export const SHELL_CHANNELS = {
  /** preload -> main: the page is there and wants an engine. */
  connect: 'winnow:connect',
  /** main -> preload, with the page's end of a message channel whose other end the engine host holds. */
  port: 'winnow:port',
  /** main -> preload: the engine host is gone (`died`), or is being started again (`restarting`). */
  host: 'winnow:host',
} as const;
