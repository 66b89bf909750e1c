import { join } from 'node:path';
import { BrowserWindow, app, screen } from 'electron';
import { PAGE_ORIGIN } from './page-address.js';
import { SMALLEST_HEIGHT, SMALLEST_WIDTH, readWindowPlace, writeWindowPlace } from './window-place.js';

const FIRST_SIZE = { width: 1280, height: 820 };
/** From a page's crash to its loading again, so that a page that always crashes does not spin. */
const RELOAD_AFTER_MS = 1_000;

/** Opens the application's window at its remembered place. */
export function openWindow(icon: string): BrowserWindow {
  const file = join(app.getPath('userData'), 'window.json');
  const displays = screen.getAllDisplays().map(({ workArea }) => workArea);
  const place = readWindowPlace(file, displays);
  const window = new BrowserWindow({
    ...(place ? { x: place.x, y: place.y, width: place.width, height: place.height } : FIRST_SIZE),
    minWidth: SMALLEST_WIDTH,
    minHeight: SMALLEST_HEIGHT,
    title: 'Winnow',
    icon,
    show: false,
    webPreferences: {
      preload: join(app.getAppPath(), 'out/preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      // The page may be what records (without a recorder program): it does so while hidden, too.
      backgroundThrottling: false,
    },
  });
  if (place?.maximised) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    try {
      writeWindowPlace(file, { ...window.getNormalBounds(), maximised: window.isMaximized() });
    } catch {
      // A full disk costs the window's place, nothing else.
    }
  });
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    setTimeout(() => {
      if (!window.isDestroyed()) window.webContents.reload();
    }, RELOAD_AFTER_MS);
  });
  void window.loadURL(`${PAGE_ORIGIN}/`);
  return window;
}
