import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ISAS, type Isa, type NativeEngine } from './native.js';

/** The engine, or the one-line reason why there is none. */
export type NativeLoad = { readonly engine: NativeEngine } | { readonly engine: null; readonly reason: string };

/** Where the build puts the add-on, from the root of the project or of the installed application. */
const ADDON_PATH = join('build', 'native', 'winnow.node');

/** Folders above this file, nearest first: sources and bundles lie at different depths below the root. */
function* ancestors(): Generator<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    yield folder;
    const parent = dirname(folder);
    if (parent === folder) return;
    folder = parent;
  }
}

function addonFile(): string | null {
  for (const folder of ancestors()) {
    // A shared library cannot be loaded out of an archive: the packaged application keeps it beside, unpacked.
    const file = join(folder.replace(/app\.asar(?=$|[\\/])/, 'app.asar.unpacked'), ADDON_PATH);
    if (existsSync(file)) return file;
  }
  return null;
}

let loaded: NativeLoad | undefined;

/** Finds and loads the native engine, once per thread. Never throws. */
export function loadNative(): NativeLoad {
  if (loaded) return loaded;
  const file = addonFile();
  if (!file) {
    loaded = { engine: null, reason: `the native engine is not built (no ${ADDON_PATH}; "npm run build:native" builds it)` };
    return loaded;
  }
  try {
    loaded = { engine: createRequire(import.meta.url)(file) as NativeEngine };
  } catch (error) {
    loaded = {
      engine: null,
      reason: `the native engine does not load: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  return loaded;
}

/** The instruction set that the environment variable `WINNOW_ISA` asks for; undefined when unset, a RangeError when unknown. */
export function isaOverride(): Isa | undefined {
  const name = process.env['WINNOW_ISA'];
  if (!name) return undefined;
  const isa = ISAS.find((known) => known === name);
  if (!isa) throw new RangeError(`WINNOW_ISA is "${name}": it must be one of ${ISAS.join(', ')}`);
  return isa;
}
