import { Menu, Tray, nativeImage } from 'electron';

export interface TrayActions {
  show(): void;
  toggleListening(): void;
  quit(): void;
}

/** The sign that Winnow goes on while its window is hidden. */
export class ListeningTray {
  readonly #tray: Tray;

  private constructor(
    icon: string,
    private readonly actions: TrayActions,
  ) {
    this.#tray = new Tray(nativeImage.createFromPath(icon));
    this.#tray.on('click', () => actions.show());
    this.update(false);
  }

  /** Undefined where the desktop has no tray: the window then is closed, not hidden. */
  static create(icon: string, actions: TrayActions): ListeningTray | undefined {
    try {
      return new ListeningTray(icon, actions);
    } catch {
      return undefined;
    }
  }

  update(listening: boolean): void {
    this.#tray.setToolTip(listening ? 'Winnow is listening' : 'Winnow');
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Show Winnow', click: () => this.actions.show() },
        { label: listening ? 'Stop Listening' : 'Start Listening', click: () => this.actions.toggleListening() },
        { type: 'separator' },
        { label: 'Quit', click: () => this.actions.quit() },
      ]),
    );
  }
}
