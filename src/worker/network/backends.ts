import type { EngineInfo } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import { BACKENDS, type BackendKind } from '../../shared/network.js';
import type { Backend } from './backend.js';
import type { Model } from './model.js';
import { loadNative } from './native-loader.js';
import { OnnxBackend, onnxVersion } from './onnx.js';
import { ReferenceBackend, REFERENCE_DETAIL } from './reference.js';
import { SparseBackend } from './sparse.js';

export interface OpenedBackend {
  readonly backend: Backend;
  /** Why this is not the back end that was asked for. Whoever opens one passes it on to the user. */
  readonly fallback?: WinnowError;
}

/**
 * Opens a model on the back end asked for. Where that one cannot run on this machine, the reference runs instead and
 * `fallback` says why; a model that a back end refuses is an error, and no other one is tried.
 * @throws WinnowError `network-...`
 */
export async function openBackend(kind: BackendKind, model: Model): Promise<OpenedBackend> {
  try {
    return { backend: await openExactly(kind, model) };
  } catch (error) {
    if (!(error instanceof WinnowError) || error.code !== 'backend-unavailable') throw error;
    return { backend: new ReferenceBackend(model), fallback: error };
  }
}

/** @throws WinnowError `backend-unavailable` where this one cannot run on this machine, `network-...` */
export async function openExactly(kind: BackendKind, model: Model): Promise<Backend> {
  switch (kind) {
    case 'reference':
      return new ReferenceBackend(model);
    case 'onnx':
      return OnnxBackend.open(model);
    case 'sparse':
      requireNative();
      return new SparseBackend(model);
  }
}

/** What can run on this machine, in order of preference. */
export async function availableBackends(): Promise<EngineInfo['backends']> {
  return Promise.all(
    BACKENDS.map(async (kind) => {
      try {
        return { kind, detail: await detailOf(kind) };
      } catch (error) {
        return { kind, detail: '', problem: WinnowError.from(error).report() };
      }
    }),
  );
}

async function detailOf(kind: BackendKind): Promise<string> {
  switch (kind) {
    case 'reference':
      return REFERENCE_DETAIL;
    case 'onnx':
      return onnxVersion();
    case 'sparse':
      return `native, ${requireNative().info().isa}`;
  }
}

function requireNative() {
  const native = loadNative();
  if (native.engine) return native.engine;
  throw new WinnowError('backend-unavailable', { backend: 'sparse', reason: native.reason });
}
