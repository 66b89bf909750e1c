/** One line of a chart: as many `y` as `x`, `x` ascending. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Which colour and dash of the chart's own it has, where its place in the list does not tell. */
  readonly style?: { readonly colour: number; readonly dash: number };
}

/** The data of a chart for a spreadsheet: a column of x, one column per line, empty where a line has no value. */
export function tabSeparated(xLabel: string, series: readonly Series[]): string {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, ' ');
  const xs = [...new Set(series.flatMap((line) => line.x))].sort((a, b) => a - b);
  const rows = xs.map((x) => [x, ...series.map((line) => line.y[line.x.indexOf(x)] ?? '')].join('\t'));
  return [[xLabel, ...series.map((line) => line.name)].map(clean).join('\t'), ...rows].join('\n') + '\n';
}
