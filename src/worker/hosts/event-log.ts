import { randomUUID } from 'node:crypto';
import type { EngineEvent } from '../../shared/contract.js';

/** Events kept for clients that connect late or again. */
export const EVENTS_KEPT = 1000;

export interface NumberedEvent {
  readonly number: number;
  readonly event: EngineEvent;
}

/** The host's events, numbered from 1; the latest ones can be sent again. */
export class EventLog {
  /** Names this host process: numbers of another one mean other events. */
  readonly session = randomUUID();
  private kept: NumberedEvent[] = [];
  private last = 0;
  private readonly listeners = new Set<(event: NumberedEvent) => void>();

  append(event: EngineEvent): void {
    const numbered = { number: ++this.last, event };
    this.kept.push(numbered);
    if (this.kept.length > EVENTS_KEPT) this.kept.shift();
    for (const listener of this.listeners) listener(numbered);
  }

  /** The kept events after `number`, oldest first; all kept ones for a client of another session. */
  after(session: string, number: number): readonly NumberedEvent[] {
    return session === this.session ? this.kept.filter((event) => event.number > number) : this.kept;
  }

  /** @returns ends the subscription */
  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
