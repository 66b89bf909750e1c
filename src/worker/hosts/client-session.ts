import {
  CALLS,
  ClientMessage,
  type CallHandlers,
  type CallName,
  type HostMessage,
  type Snapshot,
} from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { EventLog } from './event-log.js';
import type { Link } from './host-link.js';

/** Snapshots go out at most this often to each client. */
export const SNAPSHOT_INTERVAL_MS = 34;
/** Calls of one client that may be under way; more are a fault or an attack. */
const CALLS_UNDER_WAY_MAX = 256;

/** Who calls; handlers refuse some changes to callers at another computer. */
export interface Caller {
  readonly local: boolean;
}

/** What a client has been shown. */
export interface Shown {
  /** Of everything that a picture would show. */
  readonly revision: number;
  /** Which stream of sound, and up to which of its columns. */
  readonly stream: number;
  readonly columns: number;
}

/** What a session needs from the engine behind it. */
export interface Served {
  readonly log: EventLog;
  handlers(caller: Caller): CallHandlers;
  /** The state now, with the columns that were not shown yet; undefined when all of it was. */
  snapshot(shown: Shown | undefined): { readonly snapshot: Snapshot; readonly shown: Shown } | undefined;
}

/**
 * Serves one client: checks and answers its calls, sends it every event in order, and the newest snapshot whenever the client
 * has seen the one before. Nothing that a client sends can end the host.
 */
export class ClientSession {
  private readonly handlers: CallHandlers;
  private readonly timer: ReturnType<typeof setInterval>;
  private unsubscribe: (() => void) | undefined;
  private waitingForSeen = false;
  private callsUnderWay = 0;
  private shown: Shown | undefined;

  constructor(
    private readonly link: Link,
    private readonly served: Served,
    caller: Caller,
  ) {
    this.handlers = served.handlers(caller);
    this.timer = setInterval(() => this.sendSnapshot(), SNAPSHOT_INTERVAL_MS);
    link.onClose(() => this.end());
    link.onMessage((message) => this.receive(message));
  }

  private end(): void {
    clearInterval(this.timer);
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  private send(message: HostMessage): void {
    this.link.send(message);
  }

  private receive(raw: unknown): void {
    const parsed = ClientMessage.safeParse(raw);
    if (!parsed.success) return this.link.close();
    const message = parsed.data;
    switch (message.type) {
      case 'open':
        return this.open(message.session, message.after);
      case 'seen':
        this.waitingForSeen = false;
        return;
      case 'call':
        void this.answer(message.id, message.name, message.params);
    }
  }

  private open(session: string, after: number): void {
    this.unsubscribe?.();
    this.waitingForSeen = false;
    this.shown = undefined;
    const { log } = this.served;
    this.send({ type: 'hello', session: log.session });
    for (const event of log.after(session, after)) this.send({ type: 'event', ...event });
    this.unsubscribe = log.subscribe((event) => this.send({ type: 'event', ...event }));
  }

  private async answer(id: number, name: string, params: unknown): Promise<void> {
    if (this.callsUnderWay >= CALLS_UNDER_WAY_MAX) return this.link.close();
    this.callsUnderWay++;
    try {
      this.send({ type: 'result', id, value: await this.dispatch(name, params) });
    } catch (error) {
      this.send({ type: 'failure', id, error: WinnowError.from(error).report() });
    } finally {
      this.callsUnderWay--;
    }
  }

  private dispatch(name: string, params: unknown): Promise<unknown> {
    if (!Object.hasOwn(CALLS, name)) throw new WinnowError('engine-call-unknown', { name });
    const known = name as CallName;
    const parsed = CALLS[known].params.safeParse(params);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const reason = issue ? `${issue.path.join('.') || 'parameters'}: ${issue.message}` : 'unknown';
      throw new WinnowError('engine-call-invalid', { name, reason });
    }
    const handler = this.handlers[known] as (params: unknown) => Promise<unknown>;
    return handler(parsed.data);
  }

  private sendSnapshot(): void {
    if (this.waitingForSeen || !this.unsubscribe) return;
    const next = this.served.snapshot(this.shown);
    if (!next) return;
    this.shown = next.shown;
    this.waitingForSeen = true;
    this.send({ type: 'snapshot', snapshot: next.snapshot });
  }
}
