import type { ClientMessage, HostMessage } from '../../shared/contract.js';

export type LinkState = 'connecting' | 'open' | 'lost';

/** A two-way road for messages to the engine host. It reconnects by itself; the owner hears every change of state. */
export interface Transport {
  /** False where the message could not be sent: nothing is queued while the link is down. */
  send(message: ClientMessage): boolean;
  onMessage(callback: (message: HostMessage) => void): void;
  /** `retryInMs`: until the next attempt, while the link is lost. */
  onState(callback: (state: LinkState, retryInMs: number | null) => void): void;
  /** Tries at once instead of waiting for the back-off. */
  retryNow(): void;
  close(): void;
}
