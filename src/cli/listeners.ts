import { BACKENDS, type BackendKind } from '../shared/network.js';
import type { NoiseSettings } from '../shared/contract.js';
import { NOISE_KINDS } from '../shared/contract.js';
import { isRecorded } from '../worker/audio/noise.js';
import { lastRoom } from '../worker/audio/recorded-room.js';
import { openBackend } from '../worker/network/backends.js';
import { ModelRegistry } from '../worker/network/registry.js';
import type { Listener } from '../worker/recognizer/recognizer.js';
import { choiceOption, integerOption, numberOption, usageError } from './arguments.js';

const GENERATED_NOISE = NOISE_KINDS.filter((kind) => !isRecorded(kind));

/** The options that `listen` and `classify` share. */
export const HEARING_OPTIONS = {
  backend: { type: 'string' },
  noise: { type: 'string' },
  eta: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const HEARING_USAGE = `  --backend B       ${BACKENDS.join(', ')} (sparse, or reference where the native engine is not built)
  --noise KIND      ${GENERATED_NOISE.join(', ')}, room (recorded in the window), or a WAV or FLAC file; with --eta (white)
  --eta X           0 to 0.5: what is heard is (1 - eta) sound + eta noise
  --seed N          of the noise (1)`;

export function backendOption(command: string, text: string | undefined): BackendKind {
  return text === undefined ? 'sparse' : choiceOption(command, 'backend', text, BACKENDS);
}

/** @returns eta 0 for no noise. @throws WinnowError `usage`, `audio-noise-room-missing` */
export async function noiseOptions(
  command: string,
  given: { noise?: string; eta?: string; seed?: string },
): Promise<NoiseSettings> {
  if (given.noise !== undefined && given.eta === undefined) throw usageError(command, '--noise needs --eta, its level');
  const eta = given.eta === undefined ? 0 : numberOption(command, 'eta', given.eta, 0, 0.5);
  const seed = given.seed === undefined ? 1 : integerOption(command, 'seed', given.seed, 0, 2 ** 31 - 1);
  if (given.noise === 'room') return { kind: 'room', room: await lastRoom(), eta, seed };
  const generated = GENERATED_NOISE.find((kind) => kind === (given.noise ?? 'white'));
  return generated ? { kind: generated, eta, seed } : { kind: 'file', path: given.noise!, eta, seed };
}

/** Opens a model (the active one without a name) on a back end; says on stderr where another back end takes its place. */
export async function openListener(reference: string | undefined, kind: BackendKind): Promise<Listener> {
  const { id, model } = await new ModelRegistry().open(reference);
  const { backend, fallback } = await openBackend(kind, model);
  if (fallback) process.stderr.write(`note [${fallback.code}] ${fallback.message}\n  ${fallback.next}\n`);
  return { modelId: id, backend };
}
