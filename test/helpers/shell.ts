import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { _electron, chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM } from './browser.js';
import { ROOT } from './project.js';

const START_LIMIT_MS = 30_000;
const POLL_MS = 50;

/** The desktop shell, real or on the stand-in. */
export interface Shell {
  readonly page: Page;
  /** Ends the engine host as a crash would. */
  killEngine(): Promise<void>;
  close(): Promise<void>;
}

/** Electron's program, where one is installed and can show a window. */
export function electronProgram(): string | undefined {
  try {
    const name = readFileSync(join(ROOT, 'node_modules/electron/path.txt'), 'utf8');
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(ROOT, 'node_modules/electron/dist'), name);
    const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
    return display && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

export async function startElectron(program: string, env: Readonly<Record<string, string>>): Promise<Shell> {
  const application = await _electron.launch({
    executablePath: program,
    // As root, which only build machines are, Chromium has no sandbox.
    args: [ROOT, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...(process.env as Record<string, string>), ...env, XDG_CONFIG_HOME: env.WINNOW_HOME ?? '' },
  });
  return {
    page: await application.firstWindow(),
    killEngine: async () => {
      const pid = await application.evaluate(
        ({ app }) => app.getAppMetrics().find(({ name, serviceName }) => (name ?? serviceName) === 'Winnow engine')?.pid,
      );
      if (pid === undefined) throw new Error('no engine host');
      process.kill(pid, 'SIGKILL');
    },
    close: () => application.close(),
  };
}

export interface StandInState {
  readonly windows: readonly {
    visible: boolean;
    opened: readonly { action: string }[];
    webPreferences: Record<string, unknown>;
  }[];
  readonly tray?: { toolTip: string; items: readonly string[] };
  readonly theme: string;
  readonly engines: readonly { pid: number; serviceName: string }[];
  readonly dialogs: readonly { message: string; detail: string }[];
  /** Every address that the page asked for. */
  readonly requests: readonly string[];
  readonly profile: string;
}

/** The unmodified bundles of the shell on the stand-in for the `electron` module; see electron-stand-in/README.md. */
export class StandInShell implements Shell {
  #next = 1;
  readonly #answers = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly ended: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    private browser: Browser | undefined,
  ) {
    child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const answer = this.#answers.get(id);
      this.#answers.delete(id);
      if (error === undefined) answer?.resolve(value);
      else answer?.reject(new Error(error));
    });
    this.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    void this.ended.then((code) => {
      for (const { reject } of this.#answers.values()) reject(new Error(`the shell ended (${code})`));
    });
  }

  static async start(env: Readonly<Record<string, string>>): Promise<StandInShell> {
    const register = new URL('electron-stand-in/register.mjs', import.meta.url).href;
    const child = fork(join(ROOT, 'out/main/index.cjs'), [], {
      cwd: ROOT,
      execArgv: ['--import', register],
      env: { ...process.env, ...env, STAND_IN_CHROMIUM: CHROMIUM, STAND_IN_HOME: env.WINNOW_HOME },
    });
    const shell = new StandInShell(child, undefined);
    const deadline = Date.now() + START_LIMIT_MS;
    let state = await shell.state();
    while (!state.windows[0]?.visible) {
      if (Date.now() > deadline) throw new Error('the shell showed no window');
      await wait(POLL_MS);
      state = await shell.state();
    }
    const [port] = readFileSync(join(state.profile, 'DevToolsActivePort'), 'utf8').split('\n');
    shell.browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    return shell;
  }

  get page(): Page {
    const page = this.browser?.contexts()[0]?.pages()[0];
    if (page === undefined) throw new Error('the shell has no page');
    return page;
  }

  state(): Promise<StandInState> {
    return this.do<StandInState>('state');
  }

  /** One of the commands of electron-stand-in/control.mjs. */
  do<T = unknown>(name: string, ...args: unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#answers.set(id, { resolve: (value) => resolve(value as T), reject });
      this.child.send({ id, name, args });
    });
  }

  async killEngine(): Promise<void> {
    const { engines } = await this.state();
    for (const { pid } of engines) process.kill(pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    void this.do('quit').catch(() => undefined);
    await this.ended;
  }
}
