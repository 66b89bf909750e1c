import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchBrowser } from './browser.js';
import { startWinnow, type RunningCommand } from './command.js';
import { temporaryFolder } from './project.js';

type Environment = Readonly<Record<string, string>>;

/** For anything that the page is to show; machines that build may be slow. */
const WAIT_MS = 20_000;

/** `winnow serve` as a child process, and its page's address. */
export async function serve(env: Environment): Promise<{ command: RunningCommand; address: string }> {
  const command = startWinnow(['serve', '--port', '0'], env);
  const [address] = await command.line(/http:\/\/127\.0\.0\.1:\d+\/\S*/);
  return { command, address };
}

/** The page as a user sees it: by role and name. */
export class WinnowPage {
  /** What the page's console complained of, and errors that nobody caught. */
  readonly complaints: string[] = [];
  #page: Page | undefined;

  constructor(page?: Page) {
    if (page) this.watch(page);
  }

  static async open(browser: Browser | BrowserContext, address: string): Promise<WinnowPage> {
    const shown = new WinnowPage();
    await shown.goto(browser, address);
    return shown;
  }

  get page(): Page {
    if (!this.#page) throw new Error('the page is not open yet');
    return this.#page;
  }

  protected async goto(browser: Browser | BrowserContext, address: string): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
    this.watch(page);
    await page.goto(address);
    await this.ready();
  }

  private watch(page: Page): void {
    this.#page = page;
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  ready(): Promise<void> {
    return this.status('Engine running');
  }

  /** Waits for a text in the line at the bottom. */
  async status(text: string | RegExp): Promise<void> {
    await this.page.getByRole('contentinfo', { name: 'State' }).getByText(text).waitFor();
  }

  region(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  choose(label: string, value: string | { label: string }): Promise<string[]> {
    return this.page.getByRole('combobox', { name: label, exact: true }).selectOption(value);
  }

  listen(): Promise<void> {
    return this.page.getByRole('button', { name: 'Listen', exact: true }).click();
  }

  stop(): Promise<void> {
    return this.page.getByRole('button', { name: 'Stop', exact: true }).click();
  }

  /** Waits until the newest word in large type is `word`. */
  async heard(word: string): Promise<void> {
    await this.region('Detections').locator('.hero').getByText(word, { exact: true }).waitFor();
  }
}

/** The page of a `winnow serve` of its own, in a browser of its own. */
export class ServedPage extends WinnowPage {
  readonly #home: ReturnType<typeof temporaryFolder>;
  #served: { readonly command: RunningCommand; readonly address: string } | undefined;
  #browser: Browser | undefined;

  constructor(name: string) {
    super();
    this.#home = temporaryFolder(name);
  }

  /** Folder of the user's own models, takes and results. */
  get home(): string {
    return this.#home.path;
  }

  get command(): RunningCommand {
    return this.#started(this.#served).command;
  }

  get address(): string {
    return this.#started(this.#served).address;
  }

  get browser(): Browser {
    return this.#started(this.#browser);
  }

  async start(env: Environment, screen: string | undefined): Promise<void> {
    this.#served = await serve({ WINNOW_HOME: this.home, ...env });
    this.#browser = await launchBrowser();
    await this.goto(this.browser, screen === undefined ? this.address : `${this.address.replace(/#.*$/, '')}#${screen}`);
  }

  async end(): Promise<void> {
    await this.#browser?.close();
    await this.#served?.command.stop();
    this.#home.remove();
  }

  #started<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('the page is not served yet');
    return part;
  }
}

/**
 * A page for the tests of a block, called there: it opens before the first of them and is gone after the last.
 * @param name of the home folder
 */
export function servedPage(name: string, more: { env?: (home: string) => Environment; screen?: string } = {}): ServedPage {
  const served = new ServedPage(name);
  beforeAll(() => served.start(more.env?.(served.home) ?? {}, more.screen));
  afterAll(() => served.end());
  return served;
}
