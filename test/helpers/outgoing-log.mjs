// Loaded into a program under test (NODE_OPTIONS=--import): writes down every address that it, or a Node that it starts, asks
// the network for. Listening is no asking.
import { appendFileSync } from 'node:fs';
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

const log = (what) => appendFileSync(process.env.OUTGOING_LOG, `${process.pid} ${what}\n`);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const to = typeof options === 'object' ? options : { port: options, host: args[1] };
  log(`connect ${to.path ?? `${to.host ?? 'localhost'}:${to.port}`}`);
  return connect.apply(this, args);
};

const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...args) {
  log(`send ${args.slice(1).join(' ')}`);
  return send.apply(this, args);
};

for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  for (const api of [dns, dns.promises]) {
    const original = api[name];
    api[name] = function (host, ...rest) {
      log(`resolve ${host}`);
      return original.call(this, host, ...rest);
    };
  }
}
log('start');
