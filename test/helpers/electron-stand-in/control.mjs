// What a test does to the shell from outside, over the IPC channel: the user's hand on window, menu and tray, and the reaper's.
import { Menu, Tray, app, dialogs, nativeTheme, session } from './application.mjs';
import { profileFolder, requests } from './browser.mjs';
import { children } from './utility-process.mjs';
import { windows } from './window.mjs';

const findItem = (items, label) => {
  for (const item of items) {
    if (item.label === label) return item;
    const below = Array.isArray(item.submenu) ? findItem(item.submenu, label) : undefined;
    if (below) return below;
  }
  return undefined;
};

const click = (menu, label) => {
  const item = findItem(menu.items, label);
  if (!item) throw new Error(`no item "${label}"`);
  item.click();
};

const commands = {
  state: () => ({
    windows: [...windows].map(({ state, webContents, options }) => ({
      ...state,
      opened: webContents.opened,
      webPreferences: options.webPreferences,
    })),
    tray: Tray.last && { toolTip: Tray.last.toolTip, items: Tray.last.menu.items.map(({ label }) => label ?? '-') },
    theme: nativeTheme.themeSource,
    engines: [...children].map(({ pid, serviceName }) => ({ pid, serviceName })),
    dialogs,
    requests,
    profile: profileFolder(),
  }),
  closeWindow: () => [...windows][0]?.close(),
  clickTray: (label) => click(Tray.last.menu, label),
  clickMenu: (label) => click(Menu.application, label),
  /** As Chromium would ask for a page at `url`. */
  permission: (permission, details) =>
    new Promise((resolve) => session.defaultSession.requestHandler({}, permission, resolve, details)),
  permissionCheck: (permission, origin, details) => session.defaultSession.checkHandler({}, permission, origin, details),
  quit: () => app.quit(),
};

export function takeCommands() {
  process.on('message', async ({ id, name, args }) => {
    try {
      process.send?.({ id, value: (await commands[name](...args)) ?? null });
    } catch (error) {
      process.send?.({ id, error: String(error) });
    }
  });
}
