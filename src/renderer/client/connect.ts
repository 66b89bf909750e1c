import { EngineClient, type ClientEvents } from '../../shared/client.js';
import { pageSocketUrl, socketWire } from './socket-wire.js';
import { windowWire } from './window-wire.js';

/** The one client of this page: over the window's bridge where there is one, else over a WebSocket to the page's origin. */
export function connectEngine(events: ClientEvents): EngineClient {
  const bridge = window.winnow;
  return new EngineClient(
    (wire) => (bridge ? windowWire(bridge, wire) : socketWire(() => new WebSocket(pageSocketUrl(location)), wire)),
    events,
  );
}
