import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientMessage, EngineEvent, HostMessage } from '../../shared/contract.js';
import { CALL_TIMEOUT_MS, EngineClient } from './engine-client.js';
import type { LinkState, Transport } from './transport.js';

function scripted() {
  const sent: ClientMessage[] = [];
  let deliver: (message: HostMessage) => void = () => {};
  let state: (state: LinkState, retry: number | null) => void = () => {};
  let up = true;
  const transport: Transport = {
    send(message) {
      if (up) sent.push(message);
      return up;
    },
    onMessage: (callback) => (deliver = callback),
    onState: (callback) => (state = callback),
    retryNow() {},
    close() {},
  };
  const events: number[] = [];
  const client = new EngineClient(transport, {
    snapshot() {},
    event: (_event: EngineEvent, number) => events.push(number),
    link() {},
  });
  return {
    client,
    sent,
    events,
    deliver: (message: HostMessage) => deliver(message),
    goes: (next: LinkState) => {
      up = next === 'open';
      state(next, null);
    },
  };
}

describe('EngineClient', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('matches answers to calls, in any order', async () => {
    const { client, sent, deliver } = scripted();
    const first = client.call('clips.list', {});
    const second = client.call('models.list', {});
    expect(sent.map((message) => message.name)).toEqual(['clips.list', 'models.list']);
    deliver({ type: 'result', id: sent[1]!.id, value: { models: [] } });
    deliver({ type: 'result', id: sent[0]!.id, value: { clips: [] } });
    expect(await first).toEqual({ clips: [] });
    expect(await second).toEqual({ models: [] });
  });

  it('turns a failure into an error with the code and the texts of the catalogue', async () => {
    const { client, sent, deliver } = scripted();
    const call = client.call('listen.start', {});
    deliver({
      type: 'failure',
      id: sent[0]!.id,
      error: { code: 'internal', cause: 'x', next: 'y', details: { reason: 'the roof fell in' } },
    });
    await expect(call).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('the roof fell in') });
  });

  it('fails every waiting call when the link is lost, and new ones while it is down', async () => {
    const { client, goes } = scripted();
    const waiting = client.call('listen.start', {});
    goes('lost');
    await expect(waiting).rejects.toMatchObject({ code: 'window-not-connected' });
    await expect(client.call('listen.stop', {})).rejects.toMatchObject({ code: 'window-not-connected' });
  });

  it('does not wait for ever, and ignores an answer that comes too late', async () => {
    const { client, sent, deliver } = scripted();
    const call = client.call('listen.start', {});
    const failed = expect(call).rejects.toMatchObject({ code: 'window-no-answer' });
    vi.advanceTimersByTime(CALL_TIMEOUT_MS);
    await failed;
    deliver({ type: 'result', id: sent[0]!.id, value: null });
  });

  it('hears a repeated event once, and starts over with a host that counts from 1', () => {
    const { deliver, events } = scripted();
    const event: EngineEvent = { kind: 'models' };
    for (const number of [1, 2, 2, 3, 1, 2]) deliver({ type: 'event', number, event });
    expect(events).toEqual([1, 2, 3, 1, 2]);
  });
});
