import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import type { HostMessage } from '../../shared/contract.js';

/** One end of a two-way connection that carries structured messages, whatever lies below it. */
export interface Link {
  /** Never throws: what is sent over a closed link is lost. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the other end is gone or `close` was called. */
  onClose(listener: () => void): void;
  close(): void;
}

/** What the keeper of a host tells it. Messages of a client are passed on unparsed: the host checks them. */
export const KeeperMessage = z.discriminatedUnion('type', [
  /** `local`: the client sits at this computer, and may name programs and files of it. */
  z.object({ type: z.literal('clientOpen'), client: z.int(), local: z.boolean() }),
  z.object({ type: z.literal('client'), client: z.int(), message: z.unknown() }),
  z.object({ type: z.literal('clientClosed'), client: z.int() }),
  /** A client with a message port of its own, transferred with this message. */
  z.object({ type: z.literal('clientPort'), local: z.boolean() }),
  /** What the host before this one was doing when it died. */
  z.object({ type: z.literal('restore'), listening: z.boolean() }),
  z.object({ type: z.literal('stop') }),
]);
export type KeeperMessage = z.infer<typeof KeeperMessage>;

/** What a host tells its keeper. */
export type HostReport =
  | { readonly type: 'ready' }
  | { readonly type: 'client'; readonly client: number; readonly message: HostMessage }
  | { readonly type: 'state'; readonly listening: boolean };

/** The keeper's end of a child process that was forked with an IPC channel. */
export function childLink(child: ChildProcess): Link {
  return {
    send: (message) => {
      // A failure to send means that the child is ending; its exit is what counts.
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    onClose: (listener) => void child.once('exit', () => listener()),
    close: () => void child.kill(),
  };
}

/** What Electron's MessagePortMain and parentPort have in common. */
export interface PortLike {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown; readonly ports: readonly PortLike[] }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start?(): void;
  close?(): void;
}

export function portLink(port: PortLike): Link {
  let closed = false;
  const listeners: (() => void)[] = [];
  const end = (): void => {
    if (closed) return;
    closed = true;
    for (const listener of listeners) listener();
  };
  port.on('close', end);
  return {
    send: (message) => {
      if (!closed) port.postMessage(message);
    },
    onMessage: (listener) => {
      port.on('message', (event) => listener(event.data));
      port.start?.();
    },
    onClose: (listener) => void listeners.push(listener),
    close: () => {
      port.close?.();
      end();
    },
  };
}

export interface ParentLink extends Link {
  /** Ports that the keeper transferred with its message; only under Electron. */
  onPort(listener: (message: unknown, port: Link) => void): void;
}

/** The host's end, under Electron (utility process) and under plain Node (forked child). */
export function parentLink(): ParentLink {
  const electronPort = (process as unknown as { parentPort?: PortLike }).parentPort;
  if (electronPort) {
    return {
      ...portLink(electronPort),
      onMessage: (listener) =>
        void electronPort.on('message', ({ data, ports }) => {
          if (ports.length === 0) listener(data);
        }),
      onPort: (listener) =>
        void electronPort.on('message', ({ data, ports }) => {
          const port = ports[0];
          if (port) listener(data, portLink(port));
        }),
    };
  }
  if (!process.send) throw new Error('the engine host runs only as a child process');
  return {
    send: (message) => {
      if (process.connected) process.send!(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.once('disconnect', listener),
    onPort: () => undefined,
    close: () => process.disconnect?.(),
  };
}
