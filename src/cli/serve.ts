import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childLink } from '../worker/hosts/host-link.js';
import { Supervisor } from '../worker/hosts/supervisor.js';
import { programRoot } from '../worker/places.js';
import { startServer } from '../worker/serve/server.js';
import { watchEvents } from '../worker/serve/watch-events.js';
import { integerOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';

const usage = `winnow serve [options]

  --port N   of the page; 0 takes a free one (0)
  --host H   address to listen on (127.0.0.1: this computer only)
  --json     {"event":"serving", address} instead of the plain address

Prints the page's address, one line. Whoever has the address, with its token, may use the page; beyond this computer it is neither
encrypted nor limited otherwise, and programs and files of this computer cannot be chosen from there.
Other programs get the detections from /events of the same address with the same token, as server-sent events.
Ctrl-C ends it.`;

export const command: Command = {
  name: 'serve',
  summary: 'Offer the windows as a page, for a browser or an edge box without a display',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('serve', args, {
      port: { type: 'string' },
      host: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw usageError('serve', `"${positionals[0]}" belongs to no option`);
    const port = values.port === undefined ? 0 : integerOption('serve', 'port', values.port, 0, 65_535);
    const out = join(programRoot(), 'out');
    const supervisor = new Supervisor(() => {
      // The page's address is the one thing on stdout; the host keeps to stderr.
      const child = fork(join(out, 'main', 'engine-host.cjs'), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      return { link: childLink(child), kill: () => void child.kill('SIGKILL') };
    });
    try {
      const server = await startServer({
        host: values.host ?? '127.0.0.1',
        port,
        page: join(out, 'renderer'),
        attach: (link, local) => supervisor.attach(link, local),
      });
      const client = watchEvents(supervisor, (event) => server.publish(event));
      const { address } = server;
      process.stdout.write(`${values.json ? JSON.stringify({ event: 'serving', address }) : address}\n`);
      const unwatch = supervisor.watch((state) => {
        if (state === 'died') process.stderr.write('The engine host has ended; it is started again.\n');
      });
      await interrupted();
      unwatch();
      client.close();
      await server.close();
    } finally {
      await supervisor.stop();
    }
  },
};

/** Resolves with Ctrl-C, or when whoever started this asks it to end. */
async function interrupted(): Promise<void> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // A timer keeps the process alive; the promise alone would not.
  while (!stop.signal.aborted) await delay(2 ** 30, undefined, { signal: stop.signal }).catch(() => undefined);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
}
