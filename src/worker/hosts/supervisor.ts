import { ClientMessage, type EngineEvent, type HostMessage } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { HostReport, KeeperMessage, Link } from './host-link.js';

/** Waits before a dead host is started again: doubled from the first to the last. */
const RESTART_FIRST_MS = 250;
const RESTART_LAST_MS = 10_000;
/** A host that lived this long was healthy: the next wait is the first one again. */
const HEALTHY_MS = 30_000;
/** How long a host may take to end when told to, before it is killed. */
const STOP_MS = 3_000;

/** A host process as its keeper sees it; `link` closes when the process ends. */
export interface HostProcess {
  readonly link: Link;
  kill(): void;
}

interface Attached {
  readonly link: Link;
  readonly local: boolean;
  /** Calls that the host has not answered yet. */
  readonly pending: Set<number>;
}

/**
 * Keeps an engine host running: starts it, notices its death at once, starts it again with growing waits, has it go on listening
 * if its predecessor did, and tells every client. Clients stay connected through all this: their open calls fail with
 * `engine-restarting`, and they are opened anew at the next host.
 */
export class Supervisor {
  private host: HostProcess | undefined;
  private ready = false;
  private listening = false;
  private stopping = false;
  private waitMs = RESTART_FIRST_MS;
  private restart: ReturnType<typeof setTimeout> | undefined;
  private nextClient = 1;
  private readonly clients = new Map<number, Attached>();
  private readonly watchers = new Set<(state: 'started' | 'died' | 'restarting') => void>();

  constructor(private readonly startHost: () => HostProcess) {
    this.launch();
  }

  /** Passes a client's messages to whichever host runs, and the host's back. */
  attach(link: Link, local: boolean): void {
    const client = this.nextClient++;
    const attached: Attached = { link, local, pending: new Set() };
    this.clients.set(client, attached);
    if (this.ready) this.tell({ type: 'clientOpen', client, local });
    link.onMessage((message) => this.fromClient(client, attached, message));
    link.onClose(() => {
      this.clients.delete(client);
      this.tell({ type: 'clientClosed', client });
    });
  }

  /** Called when the host has started, died, or is being started again. @returns ends the subscription */
  watch(watcher: (state: 'started' | 'died' | 'restarting') => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** Whether a host takes messages now. */
  get running(): boolean {
    return this.ready;
  }

  /** Ends the host, kindly first; resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.restart !== undefined) clearTimeout(this.restart);
    const host = this.host;
    if (!host) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => host.kill(), STOP_MS);
      host.link.onClose(() => {
        clearTimeout(kill);
        resolve();
      });
      host.link.send({ type: 'stop' } satisfies KeeperMessage);
    });
  }

  private launch(): void {
    const host = this.startHost();
    const startedMs = performance.now();
    this.host = host;
    host.link.onMessage((message) => {
      if (this.host === host) this.fromHost(message as HostReport);
    });
    host.link.onClose(() => {
      if (this.host === host) this.died(performance.now() - startedMs);
    });
  }

  private fromHost(report: HostReport): void {
    switch (report.type) {
      case 'ready':
        this.ready = true;
        for (const [client, { local }] of this.clients) {
          this.tell({ type: 'clientOpen', client, local });
          this.tell({ type: 'client', client, message: { type: 'open', session: '', after: 0 } });
        }
        if (this.listening) this.tell({ type: 'restore', listening: true });
        this.announce('started');
        return;
      case 'state':
        this.listening = report.listening;
        return;
      case 'client': {
        const attached = this.clients.get(report.client);
        if (!attached) return;
        const { message } = report;
        if (message.type === 'result' || message.type === 'failure') attached.pending.delete(message.id);
        attached.link.send(message);
      }
    }
  }

  private fromClient(client: number, attached: Attached, raw: unknown): void {
    const parsed = ClientMessage.safeParse(raw);
    if (!parsed.success) return attached.link.close();
    const message = parsed.data;
    if (this.ready) {
      if (message.type === 'call') attached.pending.add(message.id);
      this.tell({ type: 'client', client, message });
    } else if (message.type === 'call') {
      this.refuse(attached, message.id, 'it is starting');
    }
  }

  private died(aliveMs: number): void {
    this.host = undefined;
    this.ready = false;
    for (const attached of this.clients.values()) {
      for (const id of attached.pending) this.refuse(attached, id, 'it ended');
      attached.pending.clear();
    }
    this.announce('died');
    if (this.stopping) return;
    if (aliveMs >= HEALTHY_MS) this.waitMs = RESTART_FIRST_MS;
    this.restart = setTimeout(() => {
      this.announce('restarting');
      this.launch();
    }, this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, RESTART_LAST_MS);
  }

  private announce(state: 'started' | 'died' | 'restarting'): void {
    const event: EngineEvent = { kind: 'host', host: 'engine', state };
    for (const { link } of this.clients.values()) link.send({ type: 'event', number: 0, event } satisfies HostMessage);
    for (const watcher of this.watchers) watcher(state);
  }

  private refuse({ link }: Attached, id: number, reason: string): void {
    link.send({ type: 'failure', id, error: new WinnowError('engine-restarting', { reason }).report() } satisfies HostMessage);
  }

  private tell(message: KeeperMessage): void {
    this.host?.link.send(message);
  }
}
