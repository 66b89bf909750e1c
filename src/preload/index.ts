import { contextBridge, ipcRenderer } from 'electron';
import type { EngineEvent, HostMessage } from '../shared/contract.js';
import { WinnowError } from '../shared/errors.js';
import { SHELL_CHANNELS, type WinnowBridge } from '../shared/shell.js';

type HostState = Extract<EngineEvent, { kind: 'host' }>['state'];

let port: MessagePort | undefined;
let receiver: ((message: HostMessage) => void) | undefined;
const early: HostMessage[] = [];

function deliver(message: HostMessage): void {
  if (receiver === undefined) early.push(message);
  else receiver(message);
}

/** Number 0: outside the host's count. */
const tell = (state: HostState): void => deliver({ type: 'event', number: 0, event: { kind: 'host', host: 'engine', state } });

ipcRenderer.on(SHELL_CHANNELS.port, (event) => {
  port?.close();
  port = event.ports[0];
  if (port === undefined) return;
  port.onmessage = (arrived: MessageEvent<HostMessage>) => deliver(arrived.data);
  tell('started');
});

ipcRenderer.on(SHELL_CHANNELS.host, (_event, state: HostState) => {
  port?.close();
  port = undefined;
  tell(state);
});

const bridge: WinnowBridge = {
  send(message) {
    if (port !== undefined) port.postMessage(message);
    else if (message.type === 'call') {
      deliver({ type: 'failure', id: message.id, error: new WinnowError('engine-closed').report() });
    }
  },
  onMessage(callback) {
    receiver = callback;
    for (const message of early.splice(0)) callback(message);
  },
};

contextBridge.exposeInMainWorld('winnow', Object.freeze(bridge));
ipcRenderer.send(SHELL_CHANNELS.connect);
