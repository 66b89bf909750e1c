import type { ClientMessage, HostMessage } from './contract.js';

/** The frozen object `window.winnow` that the preload script offers to the page inside the application's window. */
export interface WinnowBridge {
  /** Without a connection to an engine a call is answered with the failure `engine-closed`; other messages are dropped. */
  send(message: ClientMessage): void;
  /**
   * One receiver at a time. Each new connection begins with the event `host` `started` (number 0), upon which the page sends
   * `open`; a lost one ends with `host` `died`. What arrived before the first receiver is kept for it.
   */
  onMessage(callback: (message: HostMessage) => void): void;
}

/** Channels between the preload script and the main process; the engine's messages do not use them but a port of their own. */
export const SHELL_CHANNELS = {
  /** preload -> main: the page is there and wants an engine. */
  connect: 'winnow:connect',
  /** main -> preload, with the page's end of a message channel whose other end the engine host holds. */
  port: 'winnow:port',
  /** main -> preload: the state of the engine host (`died`, `restarting`). */
  host: 'winnow:host',
} as const;
