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

/**
 * The page's road to whichever engine host runs. It outlives the hosts: with each new one the page is opened anew, calls that the
 * lost one did not answer fail with `engine-restarting`, and the page hears of it by events with number 0.
 */
export class EngineRoad {
  #port: Port | undefined;
  #receiver: ((message: HostMessage) => void) | undefined;
  #early: HostMessage[] = [];
  #opened = false;
  readonly #pending = new Set<number>();

  /** Only these two reach the page. */
  readonly bridge: WinnowBridge = Object.freeze<WinnowBridge>({
    send: (message) => {
      if (message.type === 'open') this.#opened = true;
      if (this.#port === undefined) {
        if (message.type === 'call') this.#refuse(message.id, 'it is starting');
        return;
      }
      if (message.type === 'call') this.#pending.add(message.id);
      this.#port.postMessage(message);
    },
    onMessage: (callback) => {
      this.#receiver = callback;
      for (const message of this.#early.splice(0)) callback(message);
    },
  });

  /** A host has started, and holds the other end of `port`. */
  connect(port: Port): void {
    this.#drop();
    this.#port = port;
    port.onmessage = ({ data }) => {
      const message = data as HostMessage;
      if (message.type === 'result' || message.type === 'failure') this.#pending.delete(message.id);
      this.#deliver(message);
    };
    if (this.#opened) port.postMessage({ type: 'open', session: '', after: 0 });
    this.#tell('started');
  }

  /** The host has died or is being started again. */
  disconnect(state: HostState): void {
    this.#drop();
    this.#tell(state);
  }

  #drop(): void {
    this.#port?.close();
    this.#port = undefined;
    for (const id of this.#pending) this.#refuse(id, 'it ended');
    this.#pending.clear();
  }

  #refuse(id: number, reason: string): void {
    this.#deliver({ type: 'failure', id, error: new WinnowError('engine-restarting', { reason }).report() });
  }

  #tell(state: HostState): void {
    this.#deliver({ type: 'event', number: 0, event: { kind: 'host', host: 'engine', state } });
  }

  #deliver(message: HostMessage): void {
    if (this.#receiver === undefined) this.#early.push(message);
    else this.#receiver(message);
  }
}
