// MessageChannelMain: two ports in this process, each of which may move to another one (the page, a utility process).
import { EventEmitter } from 'node:events';

export class MessagePortMain extends EventEmitter {
  partner;
  #started = false;
  #closed = false;
  #queue = [];
  #remote;

  postMessage(data) {
    if (!this.#closed) this.partner.deliver(structuredClone(data));
  }

  start() {
    this.#started = true;
    for (const data of this.#queue.splice(0)) this.emit('message', { data, ports: [] });
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.partner.closeFromPartner();
    this.emit('close');
  }

  /** Something for whoever holds this port now. */
  deliver(data) {
    if (this.#closed) return;
    if (this.#remote) this.#remote.deliver(data);
    else if (this.#started) queueMicrotask(() => this.emit('message', { data, ports: [] }));
    else this.#queue.push(data);
  }

  closeFromPartner() {
    if (this.#closed) return;
    this.#closed = true;
    this.#remote?.close();
    this.emit('close');
  }

  /** The port moves: from now on `remote` gets what arrives, beginning with what has arrived. */
  moveTo(remote) {
    if (this.#remote || this.#started) throw new Error('a port that is in use cannot be transferred');
    this.#remote = remote;
    for (const data of this.#queue.splice(0)) remote.deliver(data);
  }
}

export class MessageChannelMain {
  port1 = new MessagePortMain();
  port2 = new MessagePortMain();

  constructor() {
    this.port1.partner = this.port2;
    this.port2.partner = this.port1;
  }
}
