import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CLI, ROOT } from './project.js';

/** From the polite end of a program to the hard one. */
const KILL_AFTER_MS = 5_000;

export interface RunningCommand {
  readonly process: ChildProcess;
  /** Lines of both streams so far. */
  readonly output: string[];
  /** Resolves with the first line, past or coming, of either stream that matches; rejects when the program ends without one. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  /** The lines of standard output that are JSON objects. */
  json(): Record<string, unknown>[];
  readonly ended: Promise<number | null>;
  /** Ctrl-C, and the hard way where that does not end it. */
  stop(): Promise<number | null>;
}

/** Starts the command line (`winnow ...`), with a home folder of its own. */
export function startWinnow(args: readonly string[], env: Readonly<Record<string, string>>): RunningCommand {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const stdout: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const take = (line: string): void => {
    output.push(line);
    for (const look of [...waiting]) look(line);
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout.push(line);
    take(line);
  });
  createInterface({ input: child.stderr }).on('line', take);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    process: child,
    output,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (line: string): void => {
          const match = pattern.exec(line);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        for (const line of output) look(line);
        void ended.then((code) => reject(new Error(`ended (${code}) without ${pattern}:\n${output.join('\n')}`)));
      }),
    json: () => stdout.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>),
    ended,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGINT');
      const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      const code = await ended;
      clearTimeout(kill);
      return code;
    },
  };
}

/** Runs a command to its end. */
export async function winnow(args: readonly string[], env: Readonly<Record<string, string>>) {
  const command = startWinnow(args, env);
  const code = await command.ended;
  return { code, json: command.json(), output: command.output.join('\n') };
}
