import os from 'node:os';
import type { Model } from '../network/model.js';
import type { Isa } from '../network/native.js';
import { nativeEngine } from '../network/native-calls.js';
import { OnnxBackend } from '../network/onnx.js';
import { exportOnnx } from '../network/onnx-export.js';
import { calibrate, exportQuantisedOnnx } from '../network/onnx-quantise.js';
import { windowsOf, type BenchClips } from './clips.js';
import type { CpuBenchOptions } from './options.js';
import { quantise } from '../network/quantise.js';
import { int8Peer } from './int8-peer.js';
import { nativePeer, onnxPeer, type Peer } from './peer.js';
import { streamPeer } from './stream-peer.js';

/** What is measured together: peers at the same number of threads and the same batch. */
export interface Group {
  readonly threads: number;
  readonly batch: number;
  /** Of the native engine; the first one is the best. */
  readonly isas: readonly Isa[];
}

/** A peer, and the groups it belongs to. */
export interface PlannedPeer {
  readonly peer: Peer;
  readonly wanted: (group: Group) => boolean;
}

/** Every number of threads with every batch. */
export function chooseGroups(
  engine: { readonly isa: Isa; readonly available: readonly Isa[] },
  { threads, batches, isa }: Pick<CpuBenchOptions, 'threads' | 'batches' | 'isa'>,
): Group[] {
  const counts = [...new Set(threads.map((count) => (count === 0 ? os.availableParallelism() : count)))];
  return counts.flatMap((count) =>
    batches.map((batch): Group => {
      const every = count === 1 && batch === 1;
      return { threads: count, batch, isas: isa ? [isa] : every ? engine.available : [engine.isa] };
    }),
  );
}

/** The readable 8-bit pass that finds the ranges is slow. */
const INT8_CALIBRATION_CLIPS = 32;

/** ONNX Runtime in float32 and int8 with the dense network; the native engine in both with sparse ones, and with the dense one. */
export async function choosePeers(
  dense: Model,
  sparse: readonly Model[],
  groups: readonly Group[],
  clips: BenchClips,
): Promise<PlannedPeer[]> {
  const always = (): boolean => true;
  const isas = [...new Set(groups.flatMap((group) => group.isas))];
  const [best] = isas;
  const calibration = clips.calibration.slice(0, INT8_CALIBRATION_CLIPS);
  const pairs = sparse.map((model) => ({
    model,
    quantised: quantise(model, windowsOf(calibration, model.features), calibration.length),
  }));
  return [
    { peer: onnxPeer(dense, 'fp32', exportOnnx(dense)), wanted: always },
    { peer: onnxPeer(dense, 'int8', await quantisedOnnx(dense, clips)), wanted: always },
    { peer: nativePeer(dense, best!), wanted: always },
    ...isas.flatMap((isa) => {
      const wanted = (group: Group): boolean => group.isas.includes(isa);
      return pairs.flatMap(({ model, quantised }): PlannedPeer[] => [
        { peer: nativePeer(model, isa), wanted },
        { peer: int8Peer(model, quantised, isa), wanted },
        ...streamed(model, isa, clips),
      ]);
    }),
  ];
}

/** The live path: one word at a time, on one thread. */
function streamed(model: Model, isa: Isa, { items }: BenchClips): PlannedPeer[] {
  if (!nativeEngine().Stream.fits(model.spec)) return [];
  const wanted = ({ threads, batch, isas }: Group): boolean => threads === 1 && batch === 1 && isas[0] === isa;
  return [{ peer: streamPeer(model, isa, items), wanted }];
}

async function quantisedOnnx(model: Model, clips: BenchClips): Promise<Uint8Array> {
  const backend = await OnnxBackend.open(model);
  try {
    const windows = windowsOf(clips.calibration, model.features);
    return exportQuantisedOnnx(model, await calibrate(backend, windows, clips.calibration.length));
  } finally {
    await backend.close();
  }
}
