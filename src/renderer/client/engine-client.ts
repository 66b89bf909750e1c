import type { CallName, CallParams, CallResult, EngineEvent, HostMessage, Snapshot } from '../../shared/contract.js';
import { ERRORS, WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { LinkState, Transport } from './transport.js';

/** A call without an answer by then has failed: the host is gone or stuck. Starting a microphone may take seconds. */
export const CALL_TIMEOUT_MS = 15_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: WinnowError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export interface EngineListener {
  snapshot(snapshot: Snapshot): void;
  event(event: EngineEvent, number: number): void;
  link(state: LinkState, retryInMs: number | null): void;
}

/** Typed calls to the engine host over any transport. Whatever fails rejects with a `WinnowError`; nothing waits for ever. */
export class EngineClient {
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #lastEvent = 0;

  constructor(
    private readonly transport: Transport,
    private readonly listener: EngineListener,
  ) {
    transport.onMessage((message) => this.#receive(message));
    transport.onState((state, retryInMs) => {
      if (state !== 'open') this.#failAll('the connection to the engine was lost');
      listener.link(state, retryInMs);
    });
  }

  call<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new WinnowError('window-no-answer', { call: name, seconds: CALL_TIMEOUT_MS / 1000 }));
      }, CALL_TIMEOUT_MS);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      if (!this.transport.send({ type: 'call', id, name, params })) {
        clearTimeout(timer);
        this.#waiting.delete(id);
        reject(new WinnowError('window-not-connected', { reason: 'there is no connection' }));
      }
    });
  }

  retryNow(): void {
    this.transport.retryNow();
  }

  #receive(message: HostMessage): void {
    switch (message.type) {
      case 'snapshot':
        this.listener.snapshot(message.snapshot);
        return;
      case 'event':
        // A host that repeats what it is not sure arrived is heard once; a new host counts from 1 again.
        if (message.number !== 1 && message.number <= this.#lastEvent) return;
        this.#lastEvent = message.number;
        this.listener.event(message.event, message.number);
        return;
      case 'result':
      case 'failure': {
        const waiting = this.#waiting.get(message.id);
        if (waiting === undefined) return;
        this.#waiting.delete(message.id);
        clearTimeout(waiting.timer);
        if (message.type === 'result') waiting.resolve(message.value);
        else waiting.reject(known(message.error));
        return;
      }
    }
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new WinnowError('window-not-connected', { reason }));
    }
    this.#waiting.clear();
  }
}

/** A host of another version may know codes that this page does not. */
function known(report: ErrorReport): WinnowError {
  if (Object.hasOwn(ERRORS, report.code)) return WinnowError.fromReport(report);
  return new WinnowError('internal', { reason: `${report.cause} (${report.code})` });
}
