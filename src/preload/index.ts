import { contextBridge, ipcRenderer } from 'electron';
import { SHELL_CHANNELS } from '../shared/shell.js';
import { EngineRoad, type HostState } from './engine-road.js';

const road = new EngineRoad();

ipcRenderer.on(SHELL_CHANNELS.port, (event) => {
  const port = event.ports[0];
  if (port !== undefined) road.connect(port);
});
ipcRenderer.on(SHELL_CHANNELS.host, (_event, state: HostState) => road.disconnect(state));

contextBridge.exposeInMainWorld('winnow', road.bridge);
ipcRenderer.send(SHELL_CHANNELS.connect);
