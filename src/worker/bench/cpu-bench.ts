import type { BenchEvent, BenchMachine, BenchRow } from '../../shared/bench.js';
import { WinnowError } from '../../shared/errors.js';
import { argmaxRows } from '../training/evaluation.js';
import type { Model } from '../network/model.js';
import type { Isa, NativeEngine } from '../network/native.js';
import { loadNative } from '../network/native-loader.js';
import { ReferenceBackend } from '../network/reference.js';
import { ModelRegistry } from '../network/registry.js';
import { layerShapes } from '../network/shapes.js';
import { bytesTouched } from './bytes-touched.js';
import { openBenchClips, windowsOf, type BenchClips } from './clips.js';
import { EnergyCounters } from './energy.js';
import { profileLayers } from './layers.js';
import { describeMachine } from './machine.js';
import { measureTogether, QUICK, THOROUGH, type Share, type Timing } from './measure.js';
import { meanActivity, type Peer, type Runner } from './peer.js';
import type { CpuBenchOptions } from './options.js';
import { chooseGroups, choosePeers, type Group, type PlannedPeer } from './plan.js';
import { PUBLISHED_SPEEDS } from './published.js';
import { largestDifference, percentile, timesFaster } from './statistics.js';

export interface BenchHooks {
  emit(event: BenchEvent): void;
  stopped(): boolean;
}

/** The pair that is compared: the dense network that every engine runs, and the sparse one that does the same work. */
export const DENSE_MODEL = 'commands-dense';
export const SPARSE_MODEL = 'commands-sparse';
/** The sparse network with masks that wide registers like; compared where it ships. */
const WIDE_MODEL = 'commands-wide';

/** Windows that a group's calls go through; more than any batch of the defaults, and small enough for the second cache to change. */
const TIMED_WINDOWS = 256;
/** The reference forward pass is slow: this many windows are compared with it. */
const COMPARED_WINDOWS = { quick: 16, thorough: 64 } as const;
/** Windows per call where accuracy is measured. */
const ACCURACY_BATCH = 64;

/** What is the same in all rows of a peer. */
interface Figures {
  readonly multiplies: number;
  readonly accuracy: number;
  readonly maxAbsDiff: number;
  readonly maxRelDiff: number;
  readonly bytesTouched: number;
}

/**
 * Runs the benchmark in this thread, which it keeps busy: in a process of its own, where other work is not to suffer.
 * @throws WinnowError `bench-no-engine`, `backend-unavailable`, and whatever opening models and clips throws
 */
export async function runCpuBench(options: CpuBenchOptions, hooks: BenchHooks): Promise<void> {
  const engine = requireEngine();
  const registry = new ModelRegistry();
  const dense = (await registry.open(DENSE_MODEL)).model;
  const sparse = await openSparse(registry, dense, options.models ?? []);
  const clips = await openBenchClips(options.data, dense.labels);
  try {
    const groups = chooseGroups(engine.info(), options);
    const energy = EnergyCounters.open();
    const combinations = distinct(groups.map(({ threads, isas }) => ({ isa: isas[0]!, threads })));
    if (!options.quick) {
      for (const isa of groups[0]!.isas.slice(1)) combinations.push({ isa, threads: groups[0]!.threads });
    }
    const machine = await describeMachine(engine, combinations, energy !== null, clips.description);
    hooks.emit(machine);
    for (const speed of PUBLISHED_SPEEDS) hooks.emit(speed);
    if (hooks.stopped()) return;
    const run = new Run(options, hooks, clips, energy);
    const peers = await choosePeers(dense, sparse, groups, clips);
    await run.measure(groups, peers);
    if (!hooks.stopped())
      run.profile(
        peers.map(({ peer }) => peer),
        groups[0]!.isas[0]!,
        machine,
      );
  } finally {
    clips.close();
  }
}

/** Networks that know the dense one's words, so that all answer the same question. */
async function openSparse(registry: ModelRegistry, dense: Model, more: readonly string[]): Promise<Model[]> {
  const { models } = await registry.list();
  const wide = models.some(({ id, shipped }) => shipped && id === WIDE_MODEL) ? [WIDE_MODEL] : [];
  const opened: Model[] = [];
  for (const id of [SPARSE_MODEL, ...wide, ...more]) {
    const { model } = await registry.open(id);
    if (model.labels.join() !== dense.labels.join()) throw new WinnowError('bench-words', { model: id, dense: DENSE_MODEL });
    opened.push(model);
  }
  return opened;
}

export function requireEngine(): NativeEngine {
  const native = loadNative();
  if (!native.engine) throw new WinnowError('bench-no-engine', { reason: native.reason });
  return native.engine;
}

class Run {
  private readonly windows = new Map<string, Float32Array>();
  private readonly figures = new Map<Peer, Figures>();
  private readonly references = new Map<Model, Float32Array>();

  constructor(
    private readonly options: CpuBenchOptions,
    private readonly hooks: BenchHooks,
    private readonly clips: BenchClips,
    private readonly energy: EnergyCounters | null,
  ) {}

  async measure(groups: readonly Group[], all: readonly PlannedPeer[]): Promise<void> {
    const effort = this.options.effort ?? (this.options.quick ? QUICK : THOROUGH);
    const end = performance.now() + effort.totalMs;
    for (const [done, group] of groups.entries()) {
      const { threads, batch } = group;
      const what = `batch ${batch}, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
      this.hooks.emit({ event: 'progress', done, total: groups.length, what });
      const peers = all.filter(({ wanted }) => wanted(group)).map(({ peer }) => peer);
      const groupMs = (end - performance.now()) / (groups.length - done);
      for (const row of await this.group(group, peers, { groupMs, segmentMs: effort.segmentMs })) this.hooks.emit(row);
      if (this.hooks.stopped()) return;
    }
    this.hooks.emit({ event: 'progress', done: groups.length, total: groups.length, what: 'layers' });
  }

  profile(peers: readonly Peer[], isa: Isa, machine: BenchMachine): void {
    for (const peer of peers) {
      if (peer.isa !== isa) continue;
      for (const layer of profileLayers(peer, this.windowsFor(peer.model), machine, this.options.quick)) this.hooks.emit(layer);
    }
  }

  private async group({ threads, batch }: Group, peers: readonly Peer[], share: Share): Promise<BenchRow[]> {
    const runners: Runner[] = [];
    try {
      for (const peer of peers) {
        runners.push(await peer.open(threads));
        await this.figuresOf(peer, runners.at(-1)!);
      }
      const calls = peers.map((peer, i) => runners[i]!.prepare(this.timedWindows(peer.model, batch), batch));
      const timings = await measureTogether(calls, share, this.energy, this.hooks.stopped);
      return timings.length === 0 ? [] : this.rows(peers, timings, threads, batch);
    } finally {
      for (const runner of runners) await runner.close();
    }
  }

  private rows(peers: readonly Peer[], timings: readonly Timing[], threads: number, batch: number): BenchRow[] {
    const medians = timings.map(({ callUs }) => percentile(callUs, 0.5) / batch);
    const onnx = (dtype: 'fp32' | 'int8') =>
      medians[peers.findIndex((peer) => peer.engine === 'onnxruntime' && peer.dtype === dtype)];
    return peers.map((peer, i): BenchRow => {
      const { callUs, cpuSeconds, joules } = timings[i]!;
      const seconds = callUs.reduce((sum, us) => sum + us, 0) / 1e6;
      const words = callUs.length * batch;
      const { multiplies, accuracy, maxAbsDiff, maxRelDiff, bytesTouched } = this.figures.get(peer)!;
      return {
        engine: peer.engine,
        preset: peer.model.name,
        dtype: peer.dtype,
        isa: peer.isa,
        threads,
        batch,
        streaming: peer.streaming,
        usP50: medians[i]!,
        usP99: percentile(callUs, 0.99) / batch,
        wordsPerS: words / seconds,
        multiplies,
        accuracy,
        maxAbsDiff,
        ratioToOrtFp32: timesFaster(medians[i]!, onnx('fp32')),
        ratioToOrtInt8: timesFaster(medians[i]!, onnx('int8')),
        maxRelDiff,
        bytesTouched,
        cpuUs: (1e6 * cpuSeconds) / words,
        calls: callUs.length,
        wordsPerJoule: joules === null || joules === 0 ? null : words / joules,
      };
    });
  }

  /** Measured once for each peer: they do not depend on threads or batch. */
  private async figuresOf(peer: Peer, runner: Runner): Promise<void> {
    if (this.figures.has(peer)) return;
    const windows = this.windowsFor(peer.model);
    const size = inputSize(peer.model);
    const count = windows.length / size;
    const classes = peer.model.labels.length;
    const logits = new Float32Array(count * classes);
    for (let at = 0; at < count; at += ACCURACY_BATCH) {
      const some = Math.min(ACCURACY_BATCH, count - at);
      logits.set(await runner.logits(windows.subarray(at * size, (at + some) * size), some), at * classes);
    }
    const right = argmaxRows(logits, classes).reduce((sum, best, i) => sum + Number(best === this.clips.items[i]!.target), 0);
    const reference = await this.referenceLogits(peer.model);
    const difference = largestDifference(logits.subarray(0, reference.length), reference, classes);
    const compared = Math.min(count, ACCURACY_BATCH);
    const activity = meanActivity(peer, windows.subarray(0, compared * size), compared);
    const shapes = layerShapes(peer.model.spec);
    this.figures.set(peer, {
      multiplies: activity.reduce((sum, layer) => sum + layer.multiplies, 0),
      accuracy: right / count,
      maxAbsDiff: difference.absolute,
      maxRelDiff: difference.relative,
      bytesTouched: activity.reduce((sum, layer, i) => {
        const before = i === 0 ? undefined : { shape: shapes[i - 1]!, active: activity[i - 1]!.active };
        return sum + bytesTouched(peer.storage, peer.dtype, shapes[i]!, peer.model.layers[i]!, layer, before);
      }, 0),
    });
  }

  private async referenceLogits(model: Model): Promise<Float32Array> {
    const known = this.references.get(model);
    if (known) return known;
    const windows = this.windowsFor(model);
    const size = inputSize(model);
    const count = Math.min(windows.length / size, this.options.quick ? COMPARED_WINDOWS.quick : COMPARED_WINDOWS.thorough);
    const { logits } = await new ReferenceBackend(model).infer(windows.subarray(0, count * size), count);
    this.references.set(model, logits);
    return logits;
  }

  /** Enough windows for the batches of a group, the clips over and over. */
  private timedWindows(model: Model, batch: number): Float32Array {
    const windows = this.windowsFor(model);
    const timed = new Float32Array(Math.ceil(TIMED_WINDOWS / batch) * batch * inputSize(model));
    for (let i = 0; i < timed.length; i++) timed[i] = windows[i % windows.length]!;
    return timed;
  }

  private windowsFor({ features }: Model): Float32Array {
    const key = JSON.stringify(features);
    let windows = this.windows.get(key);
    if (!windows) {
      windows = windowsOf(this.clips.items, features);
      this.windows.set(key, windows);
    }
    return windows;
  }
}

function inputSize({ spec }: Model): number {
  return spec.input.channels * spec.input.height * spec.input.width;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
