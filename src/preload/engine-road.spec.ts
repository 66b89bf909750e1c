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

  it('opens the page at each host, also when the page was there first', () => {
    const road = new EngineRoad();
    road.bridge.send({ type: 'open', session: '', after: 0 });
    const [first, second] = [scriptedPort(), scriptedPort()];
    road.connect(first);
    road.disconnect('died');
    road.connect(second);
    expect(first.closed).toBe(true);
    for (const port of [first, second]) expect(port.sent).toEqual([{ type: 'open', session: '', after: 0 }]);
  });

  it('[negative] fails the calls that a lost host did not answer, and new ones until the next host', () => {
    const road = new EngineRoad();
    const port = scriptedPort();
    const heard: HostMessage[] = [];
    road.bridge.onMessage((message) => heard.push(message));
    road.connect(port);
    road.bridge.send(call(1));
    road.bridge.send(call(2));
    port.onmessage?.({ data: { type: 'result', id: 1, value: null } });
    road.disconnect('died');
    road.bridge.send(call(3));
    const failures = heard.filter((message) => message.type === 'failure');
    expect(failures.map(({ id, error }) => [id, error.code])).toEqual([
      [2, 'engine-restarting'],
      [3, 'engine-restarting'],
    ]);
  });

  it('offers the page nothing but a frozen pair', () => {
    const { bridge } = new EngineRoad();
    expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'send']);
    expect(Object.isFrozen(bridge)).toBe(true);
  });
});
