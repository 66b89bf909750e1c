// BrowserWindow and webContents.
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { toApp, toBrowser } from './browser.mjs';
import { pageScript } from './page-script.mjs';

export const windows = new Set();
let nextPort = 1;
let context;
let app;
let ipcMain;

export function prepareWindows(parts) {
  ({ context, app, ipcMain } = parts);
}

const cancellable = (more = {}) => {
  const event = { ...more, defaultPrevented: false, preventDefault: () => (event.defaultPrevented = true) };
  return event;
};

class WebContents extends EventEmitter {
  #page;
  #ports = new Map();
  #openHandler = () => ({ action: 'allow' });
  /** Windows that the page tried to open, with what the handler said. */
  opened = [];

  async attach(page, preload) {
    this.#page = page;
    await page.exposeBinding('__standIn', ({ frame }, kind, ...rest) => this.#fromPage(frame, kind, rest));
    await page.addInitScript(pageScript(readFileSync(preload, 'utf8')));
    page.on('popup', (popup) => {
      this.opened.push(this.#openHandler({ url: toApp(popup.url()) }));
      void popup.close();
    });
    // A document that the page asks for and that is not the one it is on.
    await page.route(
      (url) => toApp(url.href) === url.href,
      (route) => {
        if (!route.request().isNavigationRequest()) return route.fallback();
        const event = cancellable({ url: route.request().url() });
        this.emit('will-navigate', event);
        return event.defaultPrevented ? route.abort('aborted') : route.fallback();
      },
    );
  }

  get mainFrame() {
    return { url: toApp(this.#page.url()), parent: null };
  }

  setWindowOpenHandler(handler) {
    this.#openHandler = handler;
  }

  send(channel, ...args) {
    this.#toPage('ipc', channel, args, []);
  }

  postMessage(channel, message, transfer = []) {
    const ids = transfer.map((port) => {
      const id = nextPort++;
      this.#ports.set(id, port);
      return id;
    });
    this.#toPage('ipc', channel, [message], ids);
    for (const id of ids) {
      this.#ports.get(id).moveTo({
        deliver: (data) => this.#toPage('port', id, data),
        close: () => this.#toPage('close', id),
      });
    }
  }

  reload() {
    void this.#page.reload();
  }

  #toPage(...message) {
    // A page that is closing or loading anew has no use for it.
    this.#page.evaluate((parts) => window.__standInDeliver?.(...parts), message).catch(() => {});
  }

  #fromPage(frame, kind, rest) {
    if (kind === 'port') return this.#ports.get(rest[0])?.partner.deliver(rest[1]);
    const [channel, args] = rest;
    const senderFrame = { url: toApp(frame.url()), parent: frame.parentFrame() };
    ipcMain.emit(channel, { sender: this, senderFrame }, ...args);
  }
}

export class BrowserWindow extends EventEmitter {
  webContents = new WebContents();
  options;
  state = { visible: false, minimised: false, maximised: false, focused: false, destroyed: false };
  #page;

  constructor(options) {
    super();
    this.options = options;
    windows.add(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows = () => [...windows];

  async loadURL(url) {
    this.#page = context.pages().find((page) => page.url() === 'about:blank') ?? (await context.newPage());
    await this.#page.setViewportSize({ width: this.options.width, height: this.options.height });
    await this.webContents.attach(this.#page, this.options.webPreferences.preload);
    await this.#page.goto(toBrowser(url));
    this.emit('ready-to-show');
  }

  show() {
    Object.assign(this.state, { visible: true, focused: true });
  }
  hide() {
    Object.assign(this.state, { visible: false, focused: false });
  }
  focus() {
    this.state.focused = true;
  }
  restore() {
    this.state.minimised = false;
  }
  maximize() {
    this.state.maximised = true;
  }
  isMinimized() {
    return this.state.minimised;
  }
  isMaximized() {
    return this.state.maximised;
  }
  isDestroyed() {
    return this.state.destroyed;
  }
  getNormalBounds() {
    const { x = 0, y = 0, width, height } = this.options;
    return { x, y, width, height };
  }

  /** As a click on the window's close button. @returns whether it closed */
  close() {
    const event = cancellable();
    this.emit('close', event);
    if (event.defaultPrevented) return false;
    this.state.destroyed = true;
    windows.delete(this);
    this.webContents.emit('destroyed');
    void this.#page?.close();
    this.emit('closed');
    if (windows.size === 0 && !app.quitting) app.emit('window-all-closed');
    return true;
  }
}
