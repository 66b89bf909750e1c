import { EngineClient, type WireEvents } from '../../shared/client.js';
import type { EngineEvent, HostMessage } from '../../shared/contract.js';
import type { Link } from '../hosts/host-link.js';
import type { Supervisor } from '../hosts/supervisor.js';

/** A client within the keeper's own process that follows the engine's events, of this host and of every later one. */
export function watchEvents(supervisor: Supervisor, event: (event: EngineEvent) => void): EngineClient {
  return new EngineClient((wire) => Promise.resolve(attach(supervisor, wire)), { event });
}

function attach(supervisor: Supervisor, wire: WireEvents) {
  let toSupervisor: (message: unknown) => void = () => undefined;
  let gone: () => void = () => undefined;
  const link: Link = {
    send: (message) => wire.message(message as HostMessage),
    onMessage: (listener) => (toSupervisor = listener),
    onClose: (listener) => (gone = listener),
    close: () => {
      gone();
      wire.closed();
    },
  };
  supervisor.attach(link, true);
  return { send: (message: unknown) => toSupervisor(message), close: () => gone() };
}
