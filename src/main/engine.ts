import { MessageChannelMain, utilityProcess, type UtilityProcess, type WebContents } from 'electron';
import { EngineClient, type ClientEvents, type WireEvents } from '../shared/client.js';
import type { HostMessage } from '../shared/contract.js';
import { SHELL_CHANNELS } from '../shared/shell.js';
import type { KeeperMessage, Link } from '../worker/hosts/host-link.js';
import { Supervisor } from '../worker/hosts/supervisor.js';

/**
 * The engine host of the application: kept by the supervisor in a utility process. The page gets a message channel of its own to
 * the host, so that neither sound nor pictures pass through this process; the shell itself (tray, menu, theme) is one more client
 * of the same contract, attached through the supervisor.
 */
export class Engine {
  private child: UtilityProcess | undefined;
  private readonly pages = new Set<WebContents>();
  private readonly supervisor: Supervisor;

  constructor(hostScript: string) {
    this.supervisor = new Supervisor(() => {
      const child = utilityProcess.fork(hostScript, [], { serviceName: 'Winnow engine', stdio: 'inherit' });
      this.child = child;
      return { link: childLink(child), kill: () => void child.kill() };
    });
    this.supervisor.watch((state) => {
      for (const page of this.pages) {
        if (state === 'started') this.openChannel(page);
        else page.send(SHELL_CHANNELS.host, state);
      }
    });
  }

  /** Gives a page its channel to the host that runs, and to every later one. Called again when the page has been loaded again. */
  connect(page: WebContents): void {
    if (!this.pages.has(page)) {
      this.pages.add(page);
      page.once('destroyed', () => this.pages.delete(page));
    }
    if (this.supervisor.running) this.openChannel(page);
  }

  /** The shell's own client. */
  client(events: ClientEvents): EngineClient {
    return new EngineClient((wire) => Promise.resolve(this.attach(wire)), events);
  }

  /** Ends the host, kindly first; resolves when it is gone. */
  stop(): Promise<void> {
    return this.supervisor.stop();
  }

  private openChannel(page: WebContents): void {
    const { port1, port2 } = new MessageChannelMain();
    this.child?.postMessage({ type: 'clientPort', local: true } satisfies KeeperMessage, [port1]);
    page.postMessage(SHELL_CHANNELS.port, null, [port2]);
  }

  private attach(events: WireEvents) {
    let toSupervisor: (message: unknown) => void = () => {};
    let ended: () => void = () => {};
    const link: Link = {
      send: (message) => queueMicrotask(() => events.message(message as HostMessage)),
      onMessage: (listener) => (toSupervisor = listener),
      onClose: (listener) => (ended = listener),
      close: () => {
        ended();
        events.closed();
      },
    };
    this.supervisor.attach(link, true);
    return { send: (message: unknown) => toSupervisor(message), close: () => ended() };
  }
}

function childLink(child: UtilityProcess): Link {
  let gone = false;
  child.once('exit', () => (gone = true));
  return {
    send: (message) => {
      if (!gone) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', listener),
    onClose: (listener) => void child.once('exit', () => listener()),
    close: () => void child.kill(),
  };
}
