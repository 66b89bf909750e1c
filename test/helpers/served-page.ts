import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { startWinnow, type RunningCommand } from './command.js';

/** For anything that the page is to show; machines that build may be slow. */
const WAIT_MS = 20_000;

/** `winnow serve` as a child process, and its page's address. */
export async function serve(env: Readonly<Record<string, string>>): Promise<{ command: RunningCommand; address: string }> {
  const command = startWinnow(['serve', '--port', '0'], env);
  const [address] = await command.line(/http:\/\/127\.0\.0\.1:\d+\/\S*/);
  return { command, address };
}

/** The page as a user sees it: by role and name. */
export class WinnowPage {
  /** What the page's console complained of, and errors that nobody caught. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async open(browser: Browser | BrowserContext, address: string): Promise<WinnowPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
    const shown = new WinnowPage(page);
    await page.goto(address);
    await shown.ready();
    return shown;
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
