import { EngineClient, type ClientEvents } from '../../shared/client.js';
import type { WinnowBridge } from '../../shared/shell.js';
import { pageSocketUrl, socketWire } from './socket-wire.js';
import { WindowWires } from './window-wire.js';

declare global {
  interface Window {
    readonly winnow?: WinnowBridge;
  }
}

/** The one client of this page: over the window's bridge where there is one, else over a WebSocket to the page's origin. */
export function connectEngine(events: ClientEvents): EngineClient {
  if (window.winnow === undefined) {
    const url = pageSocketUrl(location);
    return new EngineClient((wire) => socketWire(() => new WebSocket(url), wire), events);
  }
  const wires = new WindowWires(window.winnow, (message) => {
    if (message.type === 'event') events.event?.(message.event);
  });
  return new EngineClient((wire) => wires.open(wire), events);
}
