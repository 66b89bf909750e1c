import type { Wire, WireEvents } from '../../shared/client.js';
import type { HostMessage } from '../../shared/contract.js';
import type { WinnowBridge } from '../../shared/shell.js';

/**
 * The wires inside the application's window. The shell tells by `host` events when an engine host has started or died: a
 * wire opens with a started host and closes with its death, so the client greets each new host as the contract wants.
 */
export class WindowWires {
  #started = false;
  #events: WireEvents | null = null;
  #opened: (() => void) | null = null;

  /** @param hostEvent gets the shell's own events, which belong to no wire. */
  constructor(
    private readonly bridge: WinnowBridge,
    private readonly hostEvent: (message: HostMessage) => void,
  ) {
    bridge.onMessage((message) => this.#receive(message));
  }

  /** Resolves once a host runs. */
  async open(events: WireEvents): Promise<Wire> {
    if (!this.#started) await new Promise<void>((resolve) => (this.#opened = resolve));
    this.#events = events;
    return { send: (message) => this.bridge.send(message), close: () => (this.#events = null) };
  }

  #receive(message: HostMessage): void {
    if (message.type !== 'event' || message.event.kind !== 'host') {
      this.#events?.message(message);
      return;
    }
    this.#started = message.event.state === 'started';
    this.hostEvent(message);
    // A host that started anew needs a new greeting, whether or not the death of the old one was told.
    const old = this.#events;
    this.#events = null;
    old?.closed();
    if (!this.#started) return;
    this.#opened?.();
    this.#opened = null;
  }
}
