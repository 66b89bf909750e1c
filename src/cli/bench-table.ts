import type { BenchEvent, BenchLayer, BenchMachine, BenchRow, PublishedSpeed } from '../shared/bench.js';

const COLUMNS = [
  'engine',
  'network',
  'type',
  'isa',
  'µs/word',
  'p99',
  'CPU µs',
  'words/s',
  'multiplies',
  'kB',
  'accuracy',
  'max |diff|',
  '× ORT',
  '× ORT int8',
] as const;
const WIDTHS = [12, 24, 5, 9, 9, 9, 9, 9, 11, 8, 9, 10, 7, 11] as const;
/** Columns of text stand left. */
const LEFT = 4;

/** The benchmark's events as a table for people, line by line. */
export class BenchTable {
  private group = '';
  private layerGroup = '';
  private readonly published: PublishedSpeed[] = [];

  constructor(private readonly line: (text: string) => void) {}

  show(event: BenchEvent): void {
    if (!('event' in event)) this.row(event);
    else if (event.event === 'machine') this.machine(event);
    else if (event.event === 'layer') this.layer(event);
    else if (event.event === 'published') this.published.push(event);
  }

  /** What stands below the measured rows. */
  finish(): void {
    this.line('');
    this.line('Published for other hardware (not measured here; the same kind of network, whole chip):');
    for (const { hardware, network, wordsPerS, source } of this.published) {
      this.line(`  ${hardware.padEnd(26)}${network.padEnd(32)}${grouped(wordsPerS).padStart(10)} words/s  ${source}`);
    }
  }

  private machine(machine: BenchMachine): void {
    this.line(`${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}`);
    this.line(`${machine.onnxRuntime ?? 'ONNX Runtime does not run here'}; instruction sets ${machine.isas.join(', ')}`);
    this.line(`Words: ${machine.clips}. Energy counters: ${machine.energy ? 'read' : 'none'}.`);
    if (machine.loadAverage >= 0.5) {
      this.line(`Other programs are running (load ${machine.loadAverage.toFixed(1)}): the figures are worse for it.`);
    }
    for (const { isa, threads, multiplyAddsPerSecond, multiplyAdds8PerSecond, reads } of machine.peaks) {
      const eight = multiplyAdds8PerSecond === null ? '' : `, ${giga(multiplyAdds8PerSecond)} G/s of 8 bits`;
      const read = reads.map(({ bytes, bytesPerSecond }) => `${size(bytes)} ${giga(bytesPerSecond)}`).join(', ');
      this.line(
        `Peak, ${isa}, ${threads} threads: ${giga(multiplyAddsPerSecond)} G multiply-adds/s${eight}; reads GB/s: ${read}`,
      );
    }
  }

  private row(row: BenchRow): void {
    const group = `batch ${row.batch}, ${row.threads === 1 ? 'one thread' : `${row.threads} threads`}`;
    if (group !== this.group) {
      this.group = group;
      this.line('');
      this.line(group);
      this.line(cells(COLUMNS));
    }
    this.line(
      cells([
        row.engine,
        `${row.preset}${row.streaming ? ', streaming' : ''}`,
        row.dtype,
        row.isa,
        row.usP50.toFixed(1),
        row.usP99.toFixed(1),
        row.cpuUs.toFixed(1),
        grouped(row.wordsPerS),
        grouped(row.multiplies),
        (row.bytesTouched / 1000).toFixed(0),
        `${(100 * row.accuracy).toFixed(2)} %`,
        row.maxAbsDiff.toPrecision(2),
        row.ratioToOrtFp32?.toFixed(2) ?? '-',
        row.ratioToOrtInt8?.toFixed(2) ?? '-',
      ]),
    );
  }

  private layer(layer: BenchLayer): void {
    const group = `${layer.preset} ${layer.dtype} ${layer.isa}`;
    if (group !== this.layerGroup) {
      this.layerGroup = group;
      this.line('');
      this.line(`Layers of ${group}, batch 1, one thread`);
    }
    const of = (fraction: number | null): string => (fraction === null ? '-' : `${(100 * fraction).toFixed(0)} %`).padStart(6);
    this.line(
      `  ${layer.layer.padEnd(10)}${layer.us.toFixed(2).padStart(8)} µs ${grouped(layer.multiplies).padStart(11)} multiplies ` +
        `${of(layer.ofPeakMultiplies)} of peak, ${(layer.bytesTouched / 1000).toFixed(1).padStart(7)} kB ${of(layer.ofCacheBandwidth)} of cache bandwidth`,
    );
  }
}

function cells(values: readonly string[]): string {
  return values
    .map((value, i) => (i < LEFT ? value.padEnd(WIDTHS[i]!) : value.padStart(WIDTHS[i]!)))
    .join(' ')
    .trimEnd();
}

/** 1,234,567 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function giga(value: number): string {
  return (value / 1e9).toFixed(value < 1e10 ? 1 : 0);
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`;
}
