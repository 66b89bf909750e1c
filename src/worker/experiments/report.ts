import type { MergeNote } from '../../shared/lab.js';
import type { Experiment, Metric, Published, Unit } from './experiment.js';
import type { Curve, ResultRecord } from './results.js';
import { difference, summarise, type Difference, type Summary } from './statistics.js';

/** One cell group of the table: ours, the published value and how the two compare. */
export interface Comparison {
  readonly metric: Metric;
  readonly ours: Summary | null;
  /** The same, of the best epoch on test (as published); null where it was not recorded. */
  readonly bestOnTest: Summary | null;
  readonly published: Published | null;
  /** (ours - published) / published sd, on the published task only. */
  readonly publishedDeviations: number | null;
  /** Ours minus our baseline, and published minus the published baseline. */
  readonly oursFromBaseline: Difference | null;
  readonly publishedFromBaseline: number | null;
}

export interface ReportRow {
  /** A unit, or a group of them. */
  readonly unit: string;
  readonly seeds: readonly number[];
  readonly comparisons: readonly Comparison[];
}

export interface ExperimentReport {
  readonly experiment: Experiment;
  readonly rows: readonly ReportRow[];
  /** Mean curve of each unit, by curve key. */
  readonly curves: Readonly<Record<string, Readonly<Record<string, Curve>>>>;
  readonly seconds: number;
}

/** What the records of one experiment say. Units without a result have a row with empty cells: what is missing is seen. */
export function reportExperiment(experiment: Experiment, all: readonly ResultRecord[]): ExperimentReport {
  const records = all.filter((record) => record.experiment === experiment.name);
  const of = (unit: string) => records.filter((record) => record.unit === unit);
  const baseline = experiment.units.find((unit) => unit.name === experiment.baseline);
  const row = (unit: Unit, own: readonly ResultRecord[]): ReportRow => ({
    unit: unit.name,
    seeds: own.map((record) => record.seed),
    comparisons: experiment.metrics.map((metric) => compare(experiment, metric, unit, own, baseline, of(baseline?.name ?? ''))),
  });
  const groups = new Set(experiment.units.flatMap(({ group }) => group ?? []));
  const together = [...groups].map((group) =>
    row(
      { name: group, task: null },
      experiment.units.filter((unit) => unit.group === group).flatMap((unit) => of(unit.name)),
    ),
  );
  const rows = [...together, ...experiment.units.map((unit) => row(unit, of(unit.name)))];
  const curves = Object.fromEntries(
    experiment.curves.map(({ key }) => [
      key,
      Object.fromEntries(
        experiment.units.flatMap((unit) => {
          const mean = meanCurve(of(unit.name).flatMap((record) => record.curves[key] ?? []));
          return mean ? [[unit.name, mean]] : [];
        }),
      ),
    ]),
  );
  return { experiment, rows, curves, seconds: records.reduce((sum, record) => sum + record.seconds, 0) };
}

function compare(
  experiment: Experiment,
  metric: Metric,
  unit: Unit,
  records: readonly ResultRecord[],
  baseline: Unit | undefined,
  baselineRecords: readonly ResultRecord[],
): Comparison {
  const ours = summary(records.map((record) => record.metrics[metric.key]));
  const reference = summary(baselineRecords.map((record) => record.metrics[metric.key]));
  const published = unit.published?.[metric.key] ?? null;
  const publishedReference = baseline?.published?.[metric.key];
  const isBaseline = unit === baseline;
  return {
    metric,
    ours,
    bestOnTest: summary(records.map((record) => record.bestOnTest?.[metric.key])),
    published,
    publishedDeviations: experiment.publishedTask && ours && published?.sd ? (ours.mean - published.mean) / published.sd : null,
    oursFromBaseline: ours && reference && !isBaseline ? difference(ours, reference) : null,
    publishedFromBaseline: published && publishedReference && !isBaseline ? published.mean - publishedReference.mean : null,
  };
}

function summary(values: readonly (number | undefined)[]): Summary | null {
  const present = values.filter((value) => value !== undefined);
  return present.length > 0 ? summarise(present) : null;
}

/** Point by point over seeds; curves of other lengths (a run that was cut) are left out. */
function meanCurve(curves: readonly Curve[]): Curve | null {
  const first = curves[0];
  if (!first) return null;
  const alike = curves.filter((curve) => curve.x.length === first.x.length);
  return { x: first.x, y: first.y.map((_, i) => alike.reduce((sum, curve) => sum + curve.y[i]!, 0) / alike.length) };
}

export const OTHER_DATA = 'The data are not those of the documents: compare differences, not values.';

/** Whether the published values that stand in the table come from other data. */
export function comparedWithOtherData({ publishedTask, units }: Experiment): boolean {
  return !publishedTask && units.some((unit) => unit.published);
}

/** How to read the spreads of a table. */
export const SPREADS =
  'Mean ± standard deviation over the runs (seeds); differences with their 95 % interval (Welch) where both sides have several runs.';

/** A value as a table prints it. `signed` for differences. */
export function formatValue(value: number, format: Metric['format'], signed = false): string {
  const sign = signed && value >= 0 ? '+' : '';
  if (format === 'percent') return `${sign}${(value * 100).toFixed(2)}`;
  if (format === 'count') return `${sign}${Math.round(value).toLocaleString('en-US')}`;
  if (format === 'scientific') return `${sign}${value.toExponential(3)}`;
  return `${sign}${value.toPrecision(4)}`;
}

function formatSummary(summary: Summary | null, format: Metric['format']): string {
  if (!summary) return '-';
  // A count that no seed changes has no spread to show.
  const spread = summary.sd === null || (format === 'count' && summary.sd === 0) ? '' : ` ± ${formatValue(summary.sd, format)}`;
  return `${formatValue(summary.mean, format)}${spread}`;
}

function formatDifference(value: Difference | null, format: Metric['format']): string {
  if (!value) return '-';
  const spread = value.halfWidth95 === null ? '' : ` ± ${formatValue(value.halfWidth95, format)}`;
  return `${formatValue(value.mean, format, true)}${spread}`;
}

/** The cells of a table, the header first: the one source of the Markdown and the HTML report. */
export function tableCells({ experiment, rows }: ExperimentReport): string[][] {
  const shown = experiment.metrics.map((metric, m) => {
    const cells = rows.map((row) => row.comparisons[m]!);
    // A difference of counts tells nothing that the counts do not.
    const compared = !experiment.publishedTask && metric.format === 'percent';
    return {
      title: metric.format === 'percent' ? `${metric.title}, %` : metric.title,
      bestOnTest: cells.some((cell) => cell.bestOnTest),
      published: cells.some((cell) => cell.published),
      deviations: cells.some((cell) => cell.publishedDeviations !== null),
      differences: compared && cells.some((cell) => cell.oursFromBaseline !== null),
      publishedDifferences: compared && cells.some((cell) => cell.publishedFromBaseline !== null),
    };
  });
  const header = shown.flatMap((column) => [
    column.title,
    ...(column.bestOnTest ? ['best on test'] : []),
    ...(column.published ? ['published'] : []),
    ...(column.deviations ? ['in published sds'] : []),
    ...(column.differences ? [`from ${experiment.baseline}`] : []),
    ...(column.publishedDifferences ? ['the same, published'] : []),
  ]);
  const body = rows.map((row) => [
    row.unit,
    String(row.seeds.length),
    ...row.comparisons.flatMap((cell, m) => {
      const { format } = cell.metric;
      const column = shown[m]!;
      const fromPublished = cell.publishedFromBaseline;
      const published = cell.published;
      const spread = published?.sd === undefined ? '' : ` ± ${formatValue(published.sd, format)}`;
      return [
        formatSummary(cell.ours, format),
        ...(column.bestOnTest ? [formatSummary(cell.bestOnTest, format)] : []),
        ...(column.published ? [published ? `${formatValue(published.mean, format)}${spread}` : '-'] : []),
        ...(column.deviations
          ? [cell.publishedDeviations === null ? '-' : formatValue(cell.publishedDeviations, 'number', true)]
          : []),
        ...(column.differences ? [formatDifference(cell.oursFromBaseline, format)] : []),
        ...(column.publishedDifferences ? [fromPublished === null ? '-' : formatValue(fromPublished, format, true)] : []),
      ];
    }),
  ]);
  return [['network', 'runs', ...header], ...body];
}

/** All reports as one Markdown page. */
export function markdownReport(reports: readonly ExperimentReport[], notes: readonly MergeNote[]): string {
  const sections = reports.map((report) => {
    const [header, ...body] = tableCells(report);
    const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    return [
      `## ${report.experiment.title}`,
      `${report.experiment.question} Source: ${report.experiment.source}. \`winnow experiment run ${report.experiment.name}\``,
      ...(comparedWithOtherData(report.experiment) ? [OTHER_DATA] : []),
      [line(header!), line(header!.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n'),
      `${SPREADS} Machine time: ${(report.seconds / 60).toFixed(1)} minutes.`,
    ].join('\n\n');
  });
  const warnings = notes.length > 0 ? [['## Notes on the results', ...notes.map((note) => `- ${note.text}`)].join('\n')] : [];
  return [`# Experiments`, ...sections, ...warnings].join('\n\n') + '\n';
}
