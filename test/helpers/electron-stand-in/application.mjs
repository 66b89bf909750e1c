// app, and the parts of Electron that are looked at rather than driven.
import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { schemes, stopBrowser } from './browser.mjs';
import { windows } from './window.mjs';

class App extends EventEmitter {
  #ready;
  #becomeReady;
  quitting = false;

  constructor() {
    super();
    this.#ready = new Promise((resolveReady) => (this.#becomeReady = resolveReady));
  }

  becomeReady() {
    this.#becomeReady();
  }
  whenReady() {
    return this.#ready;
  }
  requestSingleInstanceLock() {
    return true;
  }
  enableSandbox() {}
  showAboutPanel() {}
  getAppPath() {
    return resolve('.');
  }
  getPath(name) {
    const folder = join(process.env.STAND_IN_HOME, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  quit() {
    if (!this.quitting) {
      this.quitting = true;
      this.emit('before-quit', {});
      for (const window of [...windows]) {
        if (!window.close()) {
          this.quitting = false;
          return;
        }
      }
    }
    let prevented = false;
    this.emit('will-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) void stopBrowser().finally(() => process.exit(0));
  }
}

export const app = new App();
export const ipcMain = new EventEmitter();

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler) {
      this.requestHandler = handler;
    },
    setPermissionCheckHandler(handler) {
      this.checkHandler = handler;
    },
    setDevicePermissionHandler(handler) {
      this.deviceHandler = handler;
    },
  },
};

export const protocol = {
  registerSchemesAsPrivileged() {},
  handle: (scheme, handler) => schemes.set(scheme, handler),
};

export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };
export const nativeTheme = { themeSource: 'system' };
export const nativeImage = { createFromPath: (path) => ({ path }) };

export const dialogs = [];
export const dialog = {
  showMessageBox(options) {
    dialogs.push(options);
    return Promise.resolve({ response: 0 });
  },
};

export class Menu {
  static application;
  constructor(template) {
    this.items = template;
  }
  static buildFromTemplate(template) {
    return new Menu(template);
  }
  static setApplicationMenu(menu) {
    Menu.application = menu;
  }
}

export class Tray extends EventEmitter {
  static last;
  constructor(image) {
    super();
    this.image = image;
    Tray.last = this;
  }
  setToolTip(text) {
    this.toolTip = text;
  }
  setContextMenu(menu) {
    this.menu = menu;
  }
}
