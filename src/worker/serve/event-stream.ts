import type { ServerResponse } from 'node:http';
import type { Detection, EngineEvent } from '../../shared/contract.js';

/** Comment lines at this pace keep the connection open through idle-time limits on the way. */
const KEEP_ALIVE_MS = 15_000;
/** Programs that listen at the same time. */
const LISTENERS_MAX = 32;
/** A listener that leaves this much unread is disconnected; it may come back and ask for what it missed. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** Detections kept for listeners that come back with `Last-Event-ID`. */
const KEPT = 100;

interface Sent {
  readonly id: string;
  readonly text: string;
}

/**
 * Detections for other programs, as server-sent events: `event: detection` with the JSON of `{label, confidence, timeMs,
 * firedMs, model, scores}`. The id of an event is the detection's; a listener that reconnects with
 * `Last-Event-ID` gets what it missed.
 */
export class EventStream {
  private readonly listeners = new Map<ServerResponse, ReturnType<typeof setInterval>>();
  private kept: Sent[] = [];

  /** @returns false when too many listen already */
  add(response: ServerResponse, lastEventId: string | undefined): boolean {
    if (this.listeners.size >= LISTENERS_MAX) return false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    const missedFrom = lastEventId === undefined ? -1 : this.kept.findIndex((sent) => sent.id === lastEventId);
    if (lastEventId !== undefined) for (const sent of this.kept.slice(missedFrom + 1)) response.write(sent.text);
    const keepAlive = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS);
    this.listeners.set(response, keepAlive);
    response.on('close', () => this.drop(response));
    return true;
  }

  publish(event: EngineEvent): void {
    if (event.kind !== 'detection') return;
    const sent = eventText(event.detection);
    this.kept.push(sent);
    if (this.kept.length > KEPT) this.kept.shift();
    for (const response of this.listeners.keys()) {
      if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
      else response.write(sent.text);
    }
  }

  close(): void {
    for (const response of this.listeners.keys()) {
      response.end();
      this.drop(response);
    }
  }

  private drop(response: ServerResponse): void {
    clearInterval(this.listeners.get(response));
    this.listeners.delete(response);
  }
}

function eventText({ id, label, confidence, timeMs, firedMs, modelId, scores }: Detection): Sent {
  const data = JSON.stringify({ label, confidence, timeMs, firedMs, model: modelId, scores });
  return { id: String(id), text: `id: ${id}\nevent: detection\ndata: ${data}\n\n` };
}
