/** An experiment as data: what is trained and measured, and what the documents report for it. */
export interface Experiment<Task = unknown> {
  readonly name: string;
  readonly title: string;
  /** What it asks, in a sentence. */
  readonly question: string;
  /** Document and table. */
  readonly source: string;
  /**
   * Whether the data are those of the documents. If not, figures are not compared with theirs, only the differences between
   * networks: against `baseline`.
   */
  readonly publishedTask: boolean;
  /** The unit that the others are compared with. */
  readonly baseline?: string;
  readonly metrics: readonly Metric[];
  readonly units: readonly Unit<Task>[];
  readonly seeds: readonly number[];
  /** Names the data that a run reads: runs of the same name must have read the same data. By default all read the same. */
  dataOf?(unit: Unit<Task>, seed: number): string;
  /** Drawn under the table, one line a unit. */
  readonly curves: readonly CurveDescription[];
}

export interface Metric {
  /** Key in `ResultRecord.metrics`. */
  readonly key: string;
  readonly title: string;
  /** How a value is printed: a fraction as percent, a count with separators, or a plain number. */
  readonly format: 'percent' | 'count' | 'number' | 'scientific';
}

export interface CurveDescription {
  /** Key in `ResultRecord.curves`. */
  readonly key: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logarithmic?: boolean;
  /** Published points, drawn beside ours. */
  readonly published?: Readonly<Record<string, { x: readonly number[]; y: readonly number[] }>>;
}

/** A published value, in the units of the metric; `sd` where the document gives one. */
export interface Published {
  readonly mean: number;
  readonly sd?: number;
}

/** One row: a network, or a computation. */
export interface Unit<Task = unknown> {
  readonly name: string;
  /** Units of the same group are also summarised in a row together, over all of them and their seeds. */
  readonly group?: string;
  readonly task: Task;
  readonly published?: Readonly<Record<string, Published>>;
}

/** A unit and a seed: what one process works on. */
export interface Assignment<Task = unknown> {
  readonly unit: Unit<Task>;
  readonly seed: number;
}

/** Every unit with every seed, seed by seed, so that a sweep stopped early has whole tables. */
export function assignments<Task>(experiment: Experiment<Task>, seeds = experiment.seeds): Assignment<Task>[] {
  return seeds.flatMap((seed) => experiment.units.map((unit) => ({ unit, seed })));
}

/** The share of shard `index` of `shards` (from 0): every shard-th assignment, so that slow networks spread evenly. */
export function shard<T>(all: readonly T[], index: number, shards: number): T[] {
  return all.filter((_, i) => i % shards === index);
}
