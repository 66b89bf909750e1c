import { decisionInUse } from '../recognizer/decision-in-use.js';
import { ModelRegistry } from '../network/registry.js';
import { winnowHome } from '../places.js';
import { ClientSession } from './client-session.js';
import { engineParts } from './engine-parts.js';
import { Engine } from './engine.js';
import { KeeperMessage, parentLink, type HostReport, type Link } from './host-link.js';
import { SettingsStore } from './settings-store.js';

/** How long an engine may take to close; then the process ends anyway. */
const CLOSE_MS = 2_000;

/** A client whose messages come through the keeper. */
function relayedLink(post: (message: unknown) => void): { link: Link; message(raw: unknown): void; closed(): void } {
  let onMessage: (message: unknown) => void = () => undefined;
  const onClose: (() => void)[] = [];
  const closed = (): void => {
    for (const listener of onClose.splice(0)) listener();
  };
  return {
    link: {
      send: post,
      onMessage: (listener) => (onMessage = listener),
      onClose: (listener) => void onClose.push(listener),
      close: closed,
    },
    message: (raw) => onMessage(raw),
    closed,
  };
}

/** The engine host: one process, one engine, any number of clients. Its keeper starts it again if it ends. */
async function main(): Promise<void> {
  const parent = parentLink();
  const report = (message: HostReport): void => parent.send(message);
  const problems: unknown[] = [];
  let problem = (error: unknown): void => void problems.push(error);
  const settings = await SettingsStore.open(winnowHome(), (error) => problem(error));
  const registry = new ModelRegistry();
  // The model in use is one fact, whether it was chosen in a window or on the command line.
  const active = await registry.activeId();
  // A model that cannot be read is reported by whoever wants to hear with it.
  const suggested = await registry.summaryOf(active).then(
    ({ decision }) => decision,
    () => undefined,
  );
  const known = settings.get();
  settings.adopt({ models: [active, ...known.models.slice(1)], decision: decisionInUse(known, suggested), winners: {} });
  const engine = new Engine(engineParts(registry), settings, (listening) => report({ type: 'state', listening }));
  problem = (error) => engine.problem(error);
  for (const error of problems) problem(error);

  const clients = new Map<number, ReturnType<typeof relayedLink>>();
  const stop = async (): Promise<void> => {
    setTimeout(() => process.exit(0), CLOSE_MS).unref();
    await engine.close();
    process.exit(0);
  };

  // Ctrl-C reaches the whole group of a terminal; the keeper decides when this process ends.
  process.on('SIGINT', () => undefined);
  parent.onClose(() => void stop());
  parent.onPort((_message, port) => new ClientSession(port, engine, { local: true }));
  parent.onMessage((raw) => {
    const parsed = KeeperMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'clientOpen': {
        const { client, local } = message;
        const relayed = relayedLink((answer) => report({ type: 'client', client, message: answer as never }));
        clients.set(client, relayed);
        new ClientSession(relayed.link, engine, { local });
        return;
      }
      case 'client':
        clients.get(message.client)?.message(message.message);
        return;
      case 'clientClosed':
        clients.get(message.client)?.closed();
        clients.delete(message.client);
        return;
      case 'restore':
        void engine.restore(message.listening);
        return;
      case 'stop':
        void stop();
    }
  });
  report({ type: 'ready' });
}

main().catch((error: unknown) => {
  console.error('The engine host cannot start:', error);
  process.exit(1);
});
