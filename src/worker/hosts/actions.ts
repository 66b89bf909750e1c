import { spawn } from 'node:child_process';
import type { Detection, WordAction } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';

/** A word starts its program at most once in this time. */
export const ACTION_INTERVAL_MS = 1_000;
/** Programs that run at the same time, of all words together; a word heard beyond that starts none. */
export const ACTIONS_RUNNING_MAX = 4;

/** What of a detection a program may learn. */
export type ActionCause = Pick<Detection, 'label' | 'confidence' | 'timeMs'>;

/**
 * Starts the user's programs when words are heard. The program gets an argument list and never a shell: an argument that is
 * exactly `{label}`, `{confidence}` or `{timeMs}` is replaced, and the same values stand in the environment as `WINNOW_LABEL`,
 * `WINNOW_CONFIDENCE` and `WINNOW_TIME_MS`. Output is ignored; a program that cannot start or fails is reported.
 */
export class ActionRunner {
  private readonly startedMs = new Map<string, number>();
  private running = 0;

  constructor(
    private readonly report: (error: WinnowError) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns whether the program was started (as opposed to off, too soon, or too many running) */
  run(action: WordAction, cause: ActionCause): boolean {
    if (!action.enabled) return false;
    const now = this.now();
    const last = this.startedMs.get(cause.label);
    if (last !== undefined && now - last < ACTION_INTERVAL_MS) return false;
    if (this.running >= ACTIONS_RUNNING_MAX) {
      this.report(new WinnowError('action-too-many', { label: cause.label, limit: ACTIONS_RUNNING_MAX }));
      return false;
    }
    this.startedMs.set(cause.label, now);
    this.start(action.command, cause);
    return true;
  }

  private start(command: readonly string[], cause: ActionCause): void {
    const values = {
      label: cause.label,
      confidence: cause.confidence.toFixed(4),
      timeMs: String(Math.round(cause.timeMs)),
    };
    const [program, ...args] = command.map((arg) => replaced(arg, values));
    this.running++;
    let ended = false;
    const end = (reason?: string): void => {
      if (ended) return;
      ended = true;
      this.running--;
      if (reason !== undefined) {
        this.report(new WinnowError('action-failed', { label: cause.label, program: program!, reason }));
      }
    };
    try {
      const child = spawn(program!, args, {
        shell: false,
        stdio: 'ignore',
        windowsHide: true,
        env: {
          ...process.env,
          WINNOW_LABEL: values.label,
          WINNOW_CONFIDENCE: values.confidence,
          WINNOW_TIME_MS: values.timeMs,
        },
      });
      // Winnow may end while the user's program goes on.
      child.unref();
      child.on('error', (error) => end(error.message));
      child.on('exit', (code, signal) => end(code === 0 ? undefined : signal ? `signal ${signal}` : `exit code ${code}`));
    } catch (error) {
      // spawn throws at once for arguments that no program can be given, such as those with a NUL.
      end(error instanceof Error ? error.message : String(error));
    }
  }
}

function replaced(arg: string, values: Readonly<Record<string, string>>): string {
  const name = /^\{(label|confidence|timeMs)\}$/.exec(arg)?.[1];
  return name === undefined ? arg : values[name]!;
}
