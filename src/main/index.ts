import { join } from 'node:path';
import { BrowserWindow, app, dialog, ipcMain, nativeTheme, session, type IpcMainEvent } from 'electron';
import { SHELL_CHANNELS } from '../shared/shell.js';
import { Engine } from './engine.js';
import { Listening } from './listening.js';
import { setMenu } from './menu.js';
import { isPage } from './page-address.js';
import { registerPageScheme, servePage } from './page-protocol.js';
import { confineContents, grantAudioOnly } from './permissions.js';
import { ListeningTray } from './tray.js';
import { openWindow } from './window.js';

const inApp = (path: string): string => join(app.getAppPath(), path);

let window: BrowserWindow | undefined;
let quitting = false;

function show(): void {
  if (window === undefined || window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** Only the main frame of our own page, in our own window, is answered. */
function fromPage({ sender, senderFrame }: IpcMainEvent): boolean {
  return sender === window?.webContents && senderFrame !== null && senderFrame.parent === null && isPage(senderFrame.url);
}

function start(): void {
  servePage(inApp('out/renderer'));
  grantAudioOnly(session.defaultSession);

  const engine = new Engine(inApp('out/main/engine-host.cjs'));
  const listening = new Listening(engine, {
    changed: (now) => tray?.update(now),
    theme: (theme) => (nativeTheme.themeSource = theme),
    failed: ({ message, next }) => void dialog.showMessageBox({ type: 'error', title: 'Winnow', message, detail: next }),
  });
  const toggleListening = (): void => void listening.toggle();
  const tray = ListeningTray.create(inApp('resources/icons/tray.png'), { show, toggleListening, quit: () => app.quit() });
  setMenu(toggleListening);

  ipcMain.on(SHELL_CHANNELS.connect, (event) => {
    if (fromPage(event)) engine.connect(event.sender);
  });

  const open = (): void => {
    window = openWindow(inApp('resources/icons/icon.png'));
    window.on('close', (event) => {
      // Listening goes on without the window, where the tray can bring it back.
      if (quitting || !listening.now || tray === undefined) return;
      event.preventDefault();
      window?.hide();
    });
  };
  open();

  app.on('activate', () => (BrowserWindow.getAllWindows().length === 0 ? open() : show()));
  app.on('second-instance', show);
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', () => (quitting = true));
  let stopped = false;
  app.on('will-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void engine.stop().finally(() => {
      stopped = true;
      app.quit();
    });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());
}

if (app.requestSingleInstanceLock()) {
  registerPageScheme();
  app.enableSandbox();
  confineContents();
  void app.whenReady().then(start);
} else {
  app.quit();
}
