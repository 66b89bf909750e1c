// Loaded first in a forked utility process: gives it process.parentPort as Electron does.
import { EventEmitter } from 'node:events';

const send = (message) => {
  if (process.connected) process.send(message, undefined, undefined, () => {});
};

class Port extends EventEmitter {
  #id;
  #started = false;
  #queue = [];

  constructor(id) {
    super();
    this.#id = id;
  }

  postMessage(data) {
    send({ kind: 'port', port: this.#id, data });
  }

  start() {
    this.#started = true;
    for (const data of this.#queue.splice(0)) this.emit('message', { data, ports: [] });
  }

  close() {
    send({ kind: 'portClosed', port: this.#id });
    this.emit('close');
  }

  arrive(data) {
    if (this.#started) this.emit('message', { data, ports: [] });
    else this.#queue.push(data);
  }
}

const ports = new Map();
const parentPort = new EventEmitter();
parentPort.postMessage = (data) => send({ kind: 'message', data });
process.parentPort = parentPort;

process.on('message', ({ kind, data, port, ports: transferred }) => {
  if (kind === 'message') {
    const arrived = transferred.map((id) => {
      ports.set(id, new Port(id));
      return ports.get(id);
    });
    parentPort.emit('message', { data, ports: arrived });
  } else if (kind === 'port') {
    ports.get(port)?.arrive(data);
  } else if (kind === 'portClosed') {
    ports.get(port)?.emit('close');
    ports.delete(port);
  }
});
