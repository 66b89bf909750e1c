import type { Command } from './command.js';

const HEAD = `winnow: speech commands recognised on this computer by sparse neural networks

Usage: winnow COMMAND [OPTIONS]
       winnow help COMMAND
       winnow --version
`;

const FOOT = `
Every command takes --json: one JSON object per line on standard output, logs and errors on standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage. Settings and models of your own live in the folder of WINNOW_HOME.
`;

/** The list of all commands. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `${HEAD}\nCommands:\n${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}\n${FOOT}`;
}

/** All about one command. */
export function details({ name, summary, usage }: Command): string {
  return `winnow ${name}: ${summary}\n\n${usage.trimEnd()}\n`;
}
