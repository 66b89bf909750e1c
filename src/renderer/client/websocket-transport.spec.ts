import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostMessage } from '../../shared/contract.js';
import { CONNECT_TIMEOUT_MS, pageSocketUrl, WebSocketTransport, type Socket } from './websocket-transport.js';

/** A socket whose life the test scripts. */
class ScriptedSocket implements Socket {
  readyState = 0;
  sent: string[] = [];
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  send(data: unknown): void {
    this.sent.push(String(data));
  }
  close(): void {
    this.readyState = 3;
  }
  opens(): void {
    this.readyState = 1;
    this.onopen?.call(this as unknown as WebSocket, new Event('open'));
  }
  receives(data: string): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }
  closes(): void {
    this.readyState = 3;
    this.onclose?.call(this as unknown as WebSocket, {} as CloseEvent);
  }
}

function connection() {
  const sockets: ScriptedSocket[] = [];
  const states: string[] = [];
  const messages: HostMessage[] = [];
  const transport = new WebSocketTransport(
    () => {
      const socket = new ScriptedSocket();
      sockets.push(socket);
      return socket;
    },
    () => 0,
  );
  transport.onState((state, retry) => states.push(retry === null ? state : `${state} ${retry}`));
  transport.onMessage((message) => messages.push(message));
  vi.advanceTimersByTime(0);
  return { transport, sockets, states, messages };
}

describe('WebSocketTransport', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens, passes messages both ways and reports its state', () => {
    const { transport, sockets, states, messages } = connection();
    expect(transport.send({ type: 'call', id: 1, name: 'settings.get', params: {} })).toBe(false);
    sockets[0]!.opens();
    expect(transport.send({ type: 'call', id: 1, name: 'settings.get', params: {} })).toBe(true);
    sockets[0]!.receives('{"type":"result","id":1,"value":7}');
    expect(messages).toEqual([{ type: 'result', id: 1, value: 7 }]);
    expect(states).toEqual(['connecting', 'open']);
  });

  it('waits longer after each failure and starts over once a link stood', () => {
    const { sockets, states } = connection();
    sockets[0]!.closes();
    vi.advanceTimersByTime(250);
    sockets[1]!.closes();
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    sockets[2]!.opens();
    sockets[2]!.closes();
    expect(states).toEqual(['connecting', 'lost 250', 'connecting', 'lost 500', 'connecting', 'open', 'lost 250']);
  });

  it('gives up on an attempt that neither opens nor closes', () => {
    const { sockets, states } = connection();
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    expect(states).toEqual(['connecting', 'lost 250']);
    sockets[0]!.opens();
    expect(states).toHaveLength(2);
  });

  it('drops a link that does not speak JSON', () => {
    const { sockets, states, messages } = connection();
    sockets[0]!.opens();
    sockets[0]!.receives('<html>');
    expect(states.at(-1)).toBe('lost 250');
    expect(messages).toEqual([]);
  });

  it('tries at once when asked to, and never again once closed', () => {
    const { transport, sockets } = connection();
    sockets[0]!.closes();
    transport.retryNow();
    expect(sockets).toHaveLength(2);
    transport.close();
    sockets[1]!.closes();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(2);
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
