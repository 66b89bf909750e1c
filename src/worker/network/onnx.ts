import { isMainThread } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { WinnowError } from '../../shared/errors.js';
import type { LayerActivity } from '../../shared/network.js';
import type { Backend, InferenceResult, InferOptions, LayerTrace } from './backend.js';
import type { LayerShape, Model } from './model.js';
import { activeByDescription, exportOnnx, ONNX_INPUT, ONNX_OUTPUT } from './onnx-export.js';
import { checkWindows } from './reference.js';
import { activationShape, denseMultiplies, layerShapes, outputSize, tensorSize } from './shapes.js';

type Runtime = typeof import('onnxruntime-node');
type Outputs = InferenceSession.ReturnType;

/** Windows per call of the runtime: more gain nothing and cost memory. */
const BATCH_MAX = 128;

let loading: Promise<Runtime> | undefined;

/**
 * ONNX Runtime, loaded once per process.
 * @throws WinnowError `backend-unavailable` where it is not installed, does not load, or in a worker thread, where a second copy
 * of its library can bring the process down
 */
export async function loadRuntime(): Promise<Runtime> {
  if (!isMainThread) throw unavailable('it runs in the main thread of a process alone');
  loading ??= import('onnxruntime-node');
  try {
    return await loading;
  } catch (error) {
    throw unavailable(error instanceof Error ? error.message : String(error));
  }
}

function unavailable(reason: string): WinnowError {
  return new WinnowError('backend-unavailable', { backend: 'onnx', reason });
}

/** @throws WinnowError `backend-unavailable` */
export async function onnxVersion(): Promise<string> {
  return `ONNX Runtime ${(await loadRuntime()).env.versions.node ?? ''}`;
}

/**
 * The same network in ONNX Runtime, dense: an independent check of the numbers, and the peer to beat.
 *
 * Activity: a dense engine skips nothing, so `multiplies` are the dense ones. Active units are exact: k where units compete,
 * elsewhere counted within the graph.
 */
export class OnnxBackend implements Backend {
  readonly kind = 'onnx';
  private readonly shapes: readonly LayerShape[];
  private readonly inputSize: number;
  /** By threads and by what the graph gives out; made when first needed. */
  private readonly sessions = new Map<string, Promise<InferenceSession>>();

  private constructor(
    readonly model: Model,
    readonly detail: string,
    private readonly runtime: Runtime,
  ) {
    this.shapes = layerShapes(model.spec);
    const { channels, height, width } = model.spec.input;
    this.inputSize = channels * height * width;
  }

  /** @throws WinnowError `backend-unavailable`, `network-...` */
  static async open(model: Model): Promise<OnnxBackend> {
    const backend = new OnnxBackend(model, `${await onnxVersion()}, dense`, await loadRuntime());
    await backend.session(1, 'counts');
    return backend;
  }

  /** @throws WinnowError `network-input` */
  async infer(windows: Float32Array, count: number, options: InferOptions = {}): Promise<InferenceResult> {
    checkWindows(windows, count, this.inputSize);
    const session = await this.session(options.threads ?? 1, options.trace ? 'traces' : 'counts');
    const { channels, height, width } = this.model.spec.input;
    const classes = this.shapes.at(-1)!.channels;
    const logits = new Float32Array(count * classes);
    const activity: LayerActivity[][] = [];
    const traces: LayerTrace[][] = [];
    for (let start = 0; start < count; start += BATCH_MAX) {
      const batch = Math.min(BATCH_MAX, count - start);
      const values = windows.slice(start * this.inputSize, (start + batch) * this.inputSize);
      const input = new this.runtime.Tensor('float32', values, [batch, channels, height, width]);
      const outputs = await session.run({ [ONNX_INPUT]: input });
      logits.set(numbers(outputs, ONNX_OUTPUT), start * classes);
      for (let w = 0; w < batch; w++) {
        const trace = options.trace ? this.shapes.map((shape) => traceOf(shape, outputs, w)) : undefined;
        activity.push(this.shapes.map((shape, i) => activityOf(shape, outputs, w, trace?.[i])));
        if (trace) traces.push(trace);
      }
    }
    return options.trace ? { logits, activity, traces } : { logits, activity };
  }

  async close(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  private session(threads: number, inside: 'counts' | 'traces'): Promise<InferenceSession> {
    const key = `${threads} ${inside}`;
    let session = this.sessions.get(key);
    if (!session) {
      const options = {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 3,
      } as const;
      session = this.runtime.InferenceSession.create(exportOnnx(this.model, { inside }), options);
      this.sessions.set(key, session);
    }
    return session;
  }
}

function numbers(outputs: Outputs, name: string): Float32Array {
  return outputs[name]!.data as Float32Array;
}

function activityOf(shape: LayerShape, outputs: Outputs, window: number, trace: LayerTrace | undefined): LayerActivity {
  const { name } = shape.spec;
  const active = trace?.winners.length ?? activeByDescription(shape) ?? numbers(outputs, `${name}.active`)[window]!;
  const dense = denseMultiplies(shape);
  return { name, size: tensorSize(activationShape(shape)), active, multiplies: dense, denseMultiplies: dense };
}

function traceOf(shape: LayerShape, outputs: Outputs, window: number): LayerTrace {
  const { name } = shape.spec;
  const part = (output: string, size: number): Float32Array =>
    numbers(outputs, `${name}.${output}`).slice(window * size, (window + 1) * size);
  const mask = part('mask', tensorSize(activationShape(shape)));
  return { winners: Uint32Array.from(mask.keys()).filter((i) => mask[i] !== 0), output: part('output', outputSize(shape)) };
}
