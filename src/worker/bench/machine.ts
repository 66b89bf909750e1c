import os from 'node:os';
import type { BenchMachine, BenchPeak } from '../../shared/bench.js';
import type { Isa, NativeEngine } from '../network/native.js';
import { onnxVersion } from '../network/onnx.js';
import { programVersion } from '../places.js';

/** The machine, with the peaks of these combinations measured now: half a second each, longer while others work. */
export async function describeMachine(
  engine: NativeEngine,
  combinations: readonly { readonly isa: Isa; readonly threads: number }[],
  energy: boolean,
  clips: string,
): Promise<BenchMachine> {
  const loadAverage = os.loadavg()[0]!;
  return {
    event: 'machine',
    cpu: cpuName(),
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    winnow: programVersion(),
    onnxRuntime: await onnxVersion().catch(() => null),
    isas: engine.info().available,
    loadAverage,
    energy,
    peaks: combinations.map((combination) => peak(engine, combination)),
    clips,
  };
}

function peak(engine: NativeEngine, { isa, threads }: { readonly isa: Isa; readonly threads: number }): BenchPeak {
  const { multiplyAddsPerSecond, multiplyAdds8PerSecond, reads } = engine.probe({ isa, threads });
  return { isa, threads, multiplyAddsPerSecond, multiplyAdds8PerSecond: multiplyAdds8PerSecond ?? null, reads };
}

function cpuName(): string {
  return os.cpus()[0]?.model.trim() || 'unknown processor';
}
