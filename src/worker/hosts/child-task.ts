import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { LastMessage } from './child-order.js';

/** Told at most so often that there is something new. */
const TELL_MS = 250;

export interface ChildTaskEvents<Message> {
  /** A message of the task that runs; not its last one. */
  told(message: Message): void;
  ended(state: 'done' | 'failed' | 'stopped', problem: ErrorReport | null): void;
  /** After either, and after a start: at most every 250 ms. */
  changed(): void;
}

/** A task in a process of its own, one at a time. The process is given its order as a message, and told nothing else. */
export class ChildTask<Message extends { readonly type: string }> {
  private child: ChildProcess | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param what runs, for people
   * @param file the process to start
   */
  constructor(
    private readonly what: string,
    private readonly file: () => string,
    private readonly events: ChildTaskEvents<Message>,
  ) {}

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  start(order: Serializable): void {
    // Under Electron the same program runs as plain Node.
    const child = fork(this.file(), [], { execArgv: [], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
    this.child = child;
    child.on('message', (message) => this.told(child, message as Message | LastMessage));
    child.on('error', (error) => this.end(child, 'failed', WinnowError.from(error).report()));
    child.on('exit', (code, signal) => {
      const reason = `the ${this.what}'s process ended with ${signal ?? `code ${code}`}`;
      this.end(child, 'failed', new WinnowError('internal', { reason }).report());
    });
    child.send(order);
    this.tell();
  }

  /** Ends it at once; what it has told stays. */
  stop(): void {
    const { child } = this;
    if (!child) return;
    this.end(child, 'stopped', null);
    child.kill();
  }

  /** There is something new: `changed` will be called. */
  tell(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      this.events.changed();
    }, TELL_MS);
  }

  private told(child: ChildProcess, message: Message | LastMessage): void {
    if (child !== this.child) return;
    if (isLast(message)) return this.end(child, message.type, message.type === 'failed' ? message.error : null);
    this.events.told(message);
    this.tell();
  }

  private end(child: ChildProcess, state: 'done' | 'failed' | 'stopped', problem: ErrorReport | null): void {
    if (child !== this.child) return;
    this.child = undefined;
    this.events.ended(state, problem);
    this.tell();
  }
}

function isLast<Message extends { readonly type: string }>(message: Message | LastMessage): message is LastMessage {
  return message.type === 'done' || message.type === 'failed';
}
