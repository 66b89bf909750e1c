import type { CallName, CallParams, CallResult, ClientMessage, EngineEvent, HostMessage, Snapshot } from './contract.js';
import { WinnowError } from './errors.js';

/** One open connection to an engine host: a message port, a WebSocket, a child process. */
export interface Wire {
  send(message: ClientMessage): void;
  close(): void;
}

export interface WireEvents {
  message(message: HostMessage): void;
  /** The connection is gone; nothing follows. */
  closed(): void;
}

export interface ClientEvents {
  /** The newest state. The next one comes only after this has returned (or its promise has settled); without it none come. */
  snapshot?(snapshot: Snapshot): void | Promise<void>;
  /** Numbered events, each exactly once and in order, also across a reconnection to the same host. */
  event?(event: EngineEvent): void;
  /** Whether calls reach a host now. */
  connection?(open: boolean): void;
}

/** Waits between attempts to connect again: doubled from the first to the last. */
const RECONNECT_FIRST_MS = 200;
const RECONNECT_LAST_MS = 5_000;

/**
 * The caller's end of the contract. Connects at once and again whenever the wire closes, until `close`. Calls made while there
 * is no connection fail with `engine-closed`.
 */
export class EngineClient {
  private wire: Wire | undefined;
  private open = false;
  private closedForGood = false;
  private session = '';
  private lastEvent = 0;
  private nextCall = 1;
  private waitMs = RECONNECT_FIRST_MS;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly pending = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();

  /** @param connect resolves with an open wire; called again after each loss. */
  constructor(
    private readonly connect: (events: WireEvents) => Promise<Wire>,
    private readonly events: ClientEvents = {},
  ) {
    void this.attempt();
  }

  async call<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
    const wire = this.wire;
    if (!wire) throw new WinnowError('engine-closed');
    const id = this.nextCall++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: (value) => resolve(value as CallResult<N>), reject });
      wire.send({ type: 'call', id, name, params });
    });
  }

  close(): void {
    this.closedForGood = true;
    if (this.retry !== undefined) clearTimeout(this.retry);
    const wire = this.wire;
    this.lost();
    wire?.close();
  }

  private async attempt(): Promise<void> {
    let alive = true;
    try {
      const wire = await this.connect({
        message: (message) => {
          if (alive && !this.closedForGood) this.receive(message);
        },
        closed: () => {
          if (!alive) return;
          alive = false;
          this.lost();
          this.schedule();
        },
      });
      if (this.closedForGood || !alive) return wire.close();
      this.wire = wire;
      wire.send({ type: 'open', session: this.session, after: this.lastEvent });
    } catch {
      alive = false;
      this.schedule();
    }
  }

  private schedule(): void {
    if (this.closedForGood) return;
    this.retry = setTimeout(() => void this.attempt(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, RECONNECT_LAST_MS);
  }

  private lost(): void {
    this.wire = undefined;
    const error = new WinnowError('engine-closed');
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    this.cut();
  }

  private cut(): void {
    if (!this.open) return;
    this.open = false;
    this.events.connection?.(false);
  }

  private receive(message: HostMessage): void {
    switch (message.type) {
      case 'hello':
        if (message.session !== this.session) {
          this.session = message.session;
          this.lastEvent = 0;
        }
        this.waitMs = RECONNECT_FIRST_MS;
        if (!this.open) {
          this.open = true;
          this.events.connection?.(true);
        }
        return;
      case 'event':
        if (message.number !== 0) {
          if (message.number <= this.lastEvent) return;
          this.lastEvent = message.number;
        }
        this.events.event?.(message.event);
        // The wire outlives the host where a keeper holds it: no call reaches a host until the next one's greeting.
        if (message.event.kind === 'host' && message.event.state !== 'started') this.cut();
        return;
      case 'snapshot':
        void this.show(message.snapshot);
        return;
      case 'result':
        this.pending.get(message.id)?.resolve(message.value);
        this.pending.delete(message.id);
        return;
      case 'failure':
        this.pending.get(message.id)?.reject(WinnowError.fromReport(message.error));
        this.pending.delete(message.id);
    }
  }

  private async show(snapshot: Snapshot): Promise<void> {
    const wire = this.wire;
    if (!this.events.snapshot) return;
    try {
      await this.events.snapshot(snapshot);
    } finally {
      if (wire && wire === this.wire) wire.send({ type: 'seen' });
    }
  }
}
