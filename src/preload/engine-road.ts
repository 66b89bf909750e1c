import type { EngineEvent, HostMessage } from '../shared/contract.js';
import { WinnowError } from '../shared/errors.js';
import type { WinnowBridge } from '../shared/shell.js';

export type HostState = Extract<EngineEvent, { kind: 'host' }>['state'];

/** What is needed of a message port. */
export interface Port {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** The page's road to whichever engine host runs; it outlives the hosts and tells the page of their lives. */
export class EngineRoad {
  #port: Port | undefined;
  #receiver: ((message: HostMessage) => void) | undefined;
  #early: HostMessage[] = [];

  /** All that the page gets. */
  readonly bridge: WinnowBridge = Object.freeze<WinnowBridge>({
    send: (message) => {
      if (this.#port !== undefined) this.#port.postMessage(message);
      else if (message.type === 'call') {
        this.#deliver({ type: 'failure', id: message.id, error: new WinnowError('engine-closed').report() });
      }
    },
    onMessage: (callback) => {
      this.#receiver = callback;
      for (const message of this.#early.splice(0)) callback(message);
    },
  });

  /** A host has started, and holds the other end of `port`. */
  connect(port: Port): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = ({ data }) => this.#deliver(data as HostMessage);
    this.#tell('started');
  }

  /** The host has died, or is being started again. */
  disconnect(state: HostState): void {
    this.#port?.close();
    this.#port = undefined;
    this.#tell(state);
  }

  /** Number 0: outside the host's count. */
  #tell(state: HostState): void {
    this.#deliver({ type: 'event', number: 0, event: { kind: 'host', host: 'engine', state } });
  }

  #deliver(message: HostMessage): void {
    if (this.#receiver === undefined) this.#early.push(message);
    else this.#receiver(message);
  }
}
