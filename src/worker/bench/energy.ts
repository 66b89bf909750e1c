import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux shows the energy counters of Intel and AMD processors (RAPL). */
const POWERCAP = '/sys/class/powercap';
/** Whole processor packages; what lies inside them (`intel-rapl:0:0`) is counted in them. */
const PACKAGE = /^intel-rapl:\d+$/;
const MICROJOULES = 1e6;

/** The processor packages' energy counters, together. */
export class EnergyCounters {
  private constructor(private readonly packages: readonly { readonly file: string; readonly range: number }[]) {}

  /** Null where the system has none, or shows them to the administrator alone. */
  static open(folder = POWERCAP): EnergyCounters | null {
    try {
      const packages = readdirSync(folder)
        .filter((name) => PACKAGE.test(name))
        .map((name) => ({
          file: join(folder, name, 'energy_uj'),
          range: readNumber(join(folder, name, 'max_energy_range_uj')),
        }));
      for (const { file } of packages) readNumber(file);
      return packages.length === 0 ? null : new EnergyCounters(packages);
    } catch {
      return null;
    }
  }

  /** What the counters show now; only the difference of two means something. */
  read(): readonly number[] {
    return this.packages.map(({ file }) => readNumber(file));
  }

  /** Joules since an earlier reading; a counter starts again at zero when it is full. */
  since(earlier: readonly number[]): number {
    const now = this.read();
    const spent = now.map((value, i) =>
      value >= earlier[i]! ? value - earlier[i]! : value + this.packages[i]!.range - earlier[i]!,
    );
    return spent.reduce((sum, value) => sum + value, 0) / MICROJOULES;
  }
}

function readNumber(file: string): number {
  const value = Number(readFileSync(file, 'utf8').trim());
  if (!Number.isFinite(value)) throw new Error(`${file} holds no number`);
  return value;
}
