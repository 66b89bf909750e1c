import { clipIndex } from '../audio/clips.js';
import { listDevices } from '../audio/devices.js';
import { openBlend } from '../audio/noise.js';
import { openRecorder } from '../audio/open-recorder.js';
import { availableBackends, openBackend } from '../network/backends.js';
import { MODEL_NAME_LENGTH_MAX } from '../network/model-file.js';
import type { ModelRegistry } from '../network/registry.js';
import { programVersion, winnowHome } from '../places.js';
import type { EngineParts } from './engine.js';

/** The engine's rooms as they are in the product. */
export function engineParts(registry: ModelRegistry): EngineParts {
  return {
    openInput: (choice) => openRecorder(choice),
    openBlend,
    openBackend,
    load: async (id) => (await registry.open(id)).model,
    info: async () => ({ version: programVersion(), backends: await availableBackends(), home: winnowHome() }),
    devices: listDevices,
    clips: async () => ({ clips: (await clipIndex()).clips.map(({ name, label }) => ({ name, label })) }),
    models: () => registry.list(),
    importModel: (file, bytes) => registry.import(bytes, nameOf(file)),
    useModel: async (id) => void (await registry.use(id)),
    decisionOf: async (id) => (await registry.summaryOf(id)).decision,
  };
}

/** A dropped file's name as a model's name; its own name where nothing usable is left. */
function nameOf(file: string): string | undefined {
  const name = file
    .replace(/\.safetensors$/, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MODEL_NAME_LENGTH_MAX);
  return name === '' ? undefined : name;
}
