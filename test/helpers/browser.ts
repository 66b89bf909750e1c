import { chromium, type Browser } from 'playwright-core';
import { findProgram } from './project.js';

/** The system's Chromium: Playwright's own browsers are not to be had everywhere. */
export const CHROMIUM = process.env.WINNOW_CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome');

/** No request of the browser's own; a microphone only where a test brings one. */
const ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
];

export function launchBrowser(more: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {}): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no Chromium');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...ARGUMENTS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...(more.args ?? [])],
    env: { ...(process.env as Record<string, string>), ...more.env },
  });
}
