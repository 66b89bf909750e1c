/**
 * One command of the command line. `run` gets the arguments after the command's name, prints results on stdout and everything
 * else on stderr, and throws: a `WinnowError` decides the exit code (1 failed, 2 wrong usage). `usage` is the text of
 * `winnow help NAME` below the heading.
 */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: string;
  run(args: string[]): Promise<void>;
}
