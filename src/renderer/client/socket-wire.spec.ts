import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineClient } from '../../shared/client.js';
import type { HostMessage } from '../../shared/contract.js';
import { CONNECT_TIMEOUT_MS, pageSocketUrl, socketWire, type Socket } from './socket-wire.js';

/** A socket whose life the test scripts. */
class ScriptedSocket implements Socket {
  sent: unknown[] = [];
  closed = false;
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  send(data: unknown): void {
    this.sent.push(JSON.parse(String(data)));
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.onopen?.call(this as unknown as WebSocket, {} as Event);
  }
  receives(data: string): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }
  closes(): void {
    this.onclose?.call(this as unknown as WebSocket, {} as CloseEvent);
  }
}

function attempt() {
  const socket = new ScriptedSocket();
  const messages: HostMessage[] = [];
  const closed = vi.fn();
  const wire = socketWire(() => socket, { message: (message) => messages.push(message), closed });
  return { socket, messages, closed, wire };
}

describe('socketWire', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('passes messages both ways once open, and tells once when it closes', async () => {
    const { socket, messages, closed, wire } = attempt();
    socket.opens();
    (await wire).send({ type: 'seen' });
    socket.receives('{"type":"hello","session":"a"}');
    expect(socket.sent).toEqual([{ type: 'seen' }]);
    expect(messages).toEqual([{ type: 'hello', session: 'a' }]);
    socket.closes();
    socket.closes();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('rejects when the socket closes or stays silent before it opens', async () => {
    const refused = attempt();
    refused.socket.closes();
    await expect(refused.wire).rejects.toThrow('did not open');
    const silent = attempt();
    const failed = expect(silent.wire).rejects.toThrow('did not open');
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    await failed;
    expect(silent.socket.closed).toBe(true);
    expect(silent.closed).not.toHaveBeenCalled();
  });

  it('drops a wire that does not speak JSON', async () => {
    const { socket, messages, closed, wire } = attempt();
    socket.opens();
    await wire;
    socket.receives('<html>');
    socket.receives('{"type":"hello","session":"a"}');
    expect(closed).toHaveBeenCalledTimes(1);
    expect(socket.closed).toBe(true);
    expect(messages).toEqual([]);
  });

  it('carries a client over a lost connection: it names the session and the last event that it saw', async () => {
    const sockets: ScriptedSocket[] = [];
    const connected: boolean[] = [];
    const client = new EngineClient(
      (events) =>
        socketWire(() => {
          const socket = new ScriptedSocket();
          sockets.push(socket);
          return socket;
        }, events),
      { connection: (open) => connected.push(open) },
    );
    sockets[0]!.opens();
    await vi.advanceTimersByTimeAsync(0);
    sockets[0]!.receives('{"type":"hello","session":"s1"}');
    sockets[0]!.receives('{"type":"event","number":4,"event":{"kind":"models"}}');
    const call = expect(client.call('clips.list', {})).rejects.toMatchObject({ code: 'engine-closed' });
    sockets[0]!.closes();
    await call;
    await vi.advanceTimersByTimeAsync(1000);
    sockets[1]!.opens();
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets[1]!.sent).toEqual([{ type: 'open', session: 's1', after: 4 }]);
    expect(connected).toEqual([true, false]);
    client.close();
  });
});

describe('pageSocketUrl', () => {
  it('keeps host, scheme and token', () => {
    expect(pageSocketUrl({ protocol: 'http:', host: '127.0.0.1:8080', search: '?token=abc' })).toBe(
      'ws://127.0.0.1:8080/socket?token=abc',
    );
    expect(pageSocketUrl({ protocol: 'https:', host: 'box', search: '' })).toBe('wss://box/socket');
  });
});
