// What runs in the page before its own scripts: `electron` for the preload bundle. Given to Chromium as text.

function install(preload) {
  if (window.top !== window || location.protocol === 'about:') return;
  const toMain = window.__standIn;
  delete window.__standIn;
  const listeners = new Map();
  const ports = new Map();

  window.__standInDeliver = (kind, ...rest) => {
    if (kind === 'ipc') {
      const [channel, args, ids] = rest;
      const event = {
        ports: ids.map((id) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => toMain('port', id, data);
          ports.set(id, port1);
          return port2;
        }),
      };
      for (const listener of listeners.get(channel) ?? []) listener(event, ...args);
    } else if (kind === 'port') {
      ports.get(rest[0])?.postMessage(rest[1]);
    } else {
      ports.get(rest[0])?.close();
      ports.delete(rest[0]);
    }
  };

  const electron = {
    contextBridge: {
      exposeInMainWorld: (name, value) =>
        Object.defineProperty(window, name, { value: Object.freeze(value), writable: false, configurable: false }),
    },
    ipcRenderer: {
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      send: (channel, ...args) => toMain('ipc', channel, args),
    },
  };
  const module = { exports: {} };
  const require = (name) => {
    if (name !== 'electron') throw new Error(`a sandboxed preload script cannot require "${name}"`);
    return electron;
  };
  // The bundle declares `electron` itself: it gets a scope of its own.
  preload(require, module, module.exports);
}

export const pageScript = (bundle) => `(${install})((require, module, exports) => {\n${bundle}\n});`;
