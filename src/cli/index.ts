import { WinnowError } from '../shared/errors.js';
import { programVersion } from '../worker/places.js';
import type { Command } from './command.js';
import { details, overview } from './help.js';

/** Each command is loaded only when it is needed: `winnow --version` must not wait for networks. In the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  listen: async () => (await import('./listen.js')).command,
  classify: async () => (await import('./classify.js')).command,
  train: async () => (await import('./train.js')).command,
  evaluate: async () => (await import('./evaluate.js')).command,
  calibrate: async () => (await import('./calibrate.js')).command,
  model: async () => (await import('./model.js')).command,
  collect: async () => (await import('./collect.js')).command,
  finetune: async () => (await import('./finetune.js')).command,
  experiment: async () => (await import('./experiment.js')).command,
  bench: async () => (await import('./bench.js')).command,
  serve: async () => (await import('./serve.js')).command,
};

async function load(name: string): Promise<Command> {
  if (!Object.hasOwn(COMMANDS, name)) throw new WinnowError('cli-no-command', { name });
  return COMMANDS[name]!();
}

async function run(args: string[]): Promise<void> {
  const [first, ...rest] = args;
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${programVersion()}\n`);
  } else if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const about = first === 'help' ? rest[0] : undefined;
    const text = about === undefined ? overview(await Promise.all(Object.keys(COMMANDS).map(load))) : details(await load(about));
    process.stdout.write(text);
    if (first === undefined) process.exitCode = 2;
  } else {
    const command = await load(first);
    if (rest.includes('--help') || rest.includes('-h')) process.stdout.write(details(command));
    else await command.run(rest);
  }
}

function fail(thrown: unknown, json: boolean): void {
  const error = WinnowError.from(thrown);
  const text = json ? JSON.stringify({ error: error.report() }) : `error [${error.code}] ${error.message}\n  ${error.next}`;
  process.stderr.write(`${text}\n`);
  if (error.code === 'internal' && error.cause instanceof Error && process.env.WINNOW_DEBUG) console.error(error.cause);
  process.exitCode = error.exit;
}

const args = process.argv.slice(2);
const json = args.includes('--json');

// A reader that has had enough ("| head -1") is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.on('uncaughtException', (error) => {
  fail(error, json);
  process.exit();
});

run(args).catch((error: unknown) => fail(error, json));
