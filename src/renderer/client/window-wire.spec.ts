import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineClient } from '../../shared/client.js';
import type { ClientMessage, EngineEvent, HostMessage } from '../../shared/contract.js';
import { WindowWires } from './window-wire.js';

type HostState = Extract<EngineEvent, { kind: 'host' }>['state'];

/** A shell whose host the test starts and kills. */
function shell() {
  const sent: ClientMessage[] = [];
  const states: string[] = [];
  const connected: boolean[] = [];
  let deliver: (message: HostMessage) => void = () => {};
  const wires = new WindowWires(
    { send: (message) => sent.push(message), onMessage: (callback) => (deliver = callback) },
    (message) => message.type === 'event' && message.event.kind === 'host' && states.push(message.event.state),
  );
  const client = new EngineClient((events) => wires.open(events), { connection: (open) => connected.push(open) });
  const host = (state: HostState) => deliver({ type: 'event', number: 0, event: { kind: 'host', host: 'engine', state } });
  return { client, sent, states, connected, host, deliver: (message: HostMessage) => deliver(message) };
}

describe('WindowWires', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('greets each host that starts, also one that starts at once after a death', async () => {
    const { client, sent, states, connected, host, deliver } = shell();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent).toEqual([]);
    host('started');
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([{ type: 'open', session: '', after: 0 }]);
    deliver({ type: 'hello', session: 'a' });
    const call = expect(client.call('listen.start', {})).rejects.toMatchObject({ code: 'engine-closed' });
    host('died');
    host('started');
    await call;
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.at(-1)).toEqual({ type: 'open', session: 'a', after: 0 });
    deliver({ type: 'hello', session: 'b' });
    expect(connected).toEqual([true, false, true]);
    expect(states).toEqual(['started', 'died', 'started']);
    client.close();
  });
});
