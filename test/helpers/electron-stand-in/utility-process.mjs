// utilityProcess: a forked Node whose process.parentPort is made by utility-child.mjs.
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';

let nextPort = 1;
export const children = new Set();

class UtilityProcess extends EventEmitter {
  #child;
  #ports = new Map();

  constructor(script, args, options) {
    super();
    this.serviceName = options.serviceName;
    this.#child = fork(script, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      execArgv: ['--import', new URL('./utility-child.mjs', import.meta.url).href],
    });
    children.add(this);
    this.#child.on('spawn', () => this.emit('spawn'));
    this.#child.on('message', ({ kind, port, data }) => {
      if (kind === 'message') this.emit('message', data);
      else if (kind === 'port') this.#ports.get(port)?.partner.deliver(data);
      else if (kind === 'portClosed') this.#ports.get(port)?.close();
    });
    this.#child.on('exit', (code) => {
      children.delete(this);
      for (const port of this.#ports.values()) port.close();
      this.emit('exit', code ?? 1);
    });
  }

  get pid() {
    return this.#child.pid;
  }

  postMessage(data, transfer = []) {
    const ports = transfer.map((port) => {
      const id = nextPort++;
      this.#ports.set(id, port);
      return { id, port };
    });
    this.#send({ kind: 'message', data, ports: ports.map(({ id }) => id) });
    for (const { id, port } of ports) {
      port.moveTo({
        deliver: (message) => this.#send({ kind: 'port', port: id, data: message }),
        close: () => this.#send({ kind: 'portClosed', port: id }),
      });
    }
  }

  kill() {
    return this.#child.kill();
  }

  #send(message) {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

export const utilityProcess = { fork: (script, args = [], options = {}) => new UtilityProcess(script, args, options) };
