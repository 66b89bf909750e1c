import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_SETTINGS, Settings } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import { writeFileAtomically } from '../atomic-file.js';

export const SETTINGS_FILE = 'settings.json';

/**
 * The user's settings, in `settings.json` of the home folder. Changes take effect at once and reach the disk soon after, whole,
 * the newest winning; a failure to write them is reported and the settings stay in effect.
 */
export class SettingsStore {
  private writing: Promise<void> | undefined;
  private dirty = false;

  private constructor(
    private readonly path: string,
    private settings: Settings,
    private readonly problem: (error: WinnowError) => void,
  ) {}

  /**
   * Reads the settings. A file that is none (damaged, or of another version) is kept under another name, reported through
   * `problem`, and replaced by the defaults.
   */
  static async open(home: string, problem: (error: WinnowError) => void): Promise<SettingsStore> {
    const path = join(home, SETTINGS_FILE);
    return new SettingsStore(path, await readSettings(path, problem), problem);
  }

  get(): Settings {
    return this.settings;
  }

  set(change: Partial<Omit<Settings, 'version'>>): Settings {
    this.adopt(change);
    this.dirty = true;
    this.writing ??= this.write();
    return this.settings;
  }

  /** Takes over what is known from elsewhere, without writing it. */
  adopt(change: Partial<Omit<Settings, 'version'>>): void {
    this.settings = Settings.parse({ ...this.settings, ...change });
  }

  /** Resolves when what is set by now is on the disk, or its failure reported. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    while (this.dirty) {
      this.dirty = false;
      try {
        await writeFileAtomically(this.path, JSON.stringify(this.settings, null, 2) + '\n');
      } catch (error) {
        this.problem(new WinnowError('settings-not-saved', { path: this.path, reason: reasonOf(error) }, { cause: error }));
      }
    }
    this.writing = undefined;
  }
}

async function readSettings(path: string, problem: (error: WinnowError) => void): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULT_SETTINGS;
    problem(new WinnowError('settings-unreadable', { path, kept: path, reason: reasonOf(error) }, { cause: error }));
    return DEFAULT_SETTINGS;
  }
  try {
    return Settings.parse(JSON.parse(text));
  } catch (error) {
    const kept = await setAside(path);
    const reason = error instanceof SyntaxError ? error.message : 'it is not of this version of Winnow';
    problem(new WinnowError('settings-unreadable', { path, kept, reason }, { cause: error }));
    return DEFAULT_SETTINGS;
  }
}

/** Moves a bad file out of the way without overwriting an earlier one; where even that fails it stays, and is overwritten later. */
async function setAside(path: string): Promise<string> {
  const kept = `${path}.bad-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    await rename(path, kept);
    return kept;
  } catch {
    return path;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
