import { describe, expect, it } from 'vitest';
import type { HostMessage } from '../shared/contract.js';
import { EngineRoad, type Port } from './engine-road.js';

function scriptedPort() {
  const sent: unknown[] = [];
  const port: Port & { sent: unknown[]; closed: boolean } = {
    sent,
    closed: false,
    onmessage: null,
    postMessage: (message) => void sent.push(message),
    close() {
      this.closed = true;
    },
  };
  return port;
}

const state = (message: HostMessage) =>
  message.type === 'event' && message.event.kind === 'host' ? message.event.state : message;
const call = (id: number) => ({ type: 'call', id, name: 'clips.list', params: {} }) as const;

describe('EngineRoad', () => {
  it('carries messages both ways, keeping what came before the page listened', () => {
    const road = new EngineRoad();
    const port = scriptedPort();
    const heard: HostMessage[] = [];
    road.connect(port);
    port.onmessage?.({ data: { type: 'hello', session: 's' } });
    road.bridge.onMessage((message) => heard.push(message));
    road.bridge.send(call(1));
    port.onmessage?.({ data: { type: 'result', id: 1, value: 5 } });
    expect(port.sent).toEqual([call(1)]);
    expect(heard.map(state)).toEqual(['started', { type: 'hello', session: 's' }, { type: 'result', id: 1, value: 5 }]);
  });

  it('moves to each new host, and tells the page of their lives', () => {
    const road = new EngineRoad();
    const heard: HostMessage[] = [];
    road.bridge.onMessage((message) => heard.push(message));
    const [first, second] = [scriptedPort(), scriptedPort()];
    road.connect(first);
    road.disconnect('died');
    road.disconnect('restarting');
    road.connect(second);
    road.bridge.send(call(1));
    expect(heard.map(state)).toEqual(['started', 'died', 'restarting', 'started']);
    expect([first.closed, first.sent, second.sent]).toEqual([true, [], [call(1)]]);
  });

  it('[negative] fails calls while there is no host', () => {
    const road = new EngineRoad();
    const heard: HostMessage[] = [];
    road.bridge.onMessage((message) => heard.push(message));
    road.bridge.send(call(3));
    road.bridge.send({ type: 'seen' });
    expect(heard).toMatchObject([{ type: 'failure', id: 3, error: { code: 'engine-closed' } }]);
  });

  it('offers the page nothing but a frozen pair', () => {
    const { bridge } = new EngineRoad();
    expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'send']);
    expect(Object.isFrozen(bridge)).toBe(true);
  });
});
