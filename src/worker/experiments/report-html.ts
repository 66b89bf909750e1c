import type { MergeNote } from '../../shared/lab.js';
import type { CurveDescription } from './experiment.js';
import { comparedWithOtherData, type ExperimentReport, OTHER_DATA, SPREADS, tableCells } from './report.js';
import type { Curve } from './results.js';

/** Okabe and Ito's colours, told apart with any colour vision. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999', '#000000'];
const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { left: 64, right: 220, top: 16, bottom: 44 };
const TICKS = 5;

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg .grid { stroke: #8883; }
`;

/** All reports as one self-contained page: no script, nothing fetched. */
export function htmlReport(reports: readonly ExperimentReport[], notes: readonly MergeNote[]): string {
  const sections = reports.map((report) => {
    const { experiment } = report;
    const [header, ...body] = tableCells(report);
    const row = (cells: readonly string[], tag: string) =>
      `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
    const charts = experiment.curves.map((curve) => chart(curve, report.curves[curve.key] ?? {}));
    return `<section><h2>${escape(experiment.title)}</h2>
<p>${escape(experiment.question)} Source: ${escape(experiment.source)}.</p>
${comparedWithOtherData(experiment) ? `<p>${OTHER_DATA}</p>` : ''}
<div class="wide"><table><thead>${row(header!, 'th')}</thead><tbody>${body.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>
<p>${SPREADS}</p>
${charts.join('\n')}</section>`;
  });
  const warnings =
    notes.length > 0
      ? `<h2>Notes on the results</h2><ul>${notes.map((note) => `<li>${escape(note.text)}</li>`).join('')}</ul>`
      : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Winnow experiments</title><style>${STYLE}</style></head>
<body><h1>Experiments</h1>${sections.join('\n')}${warnings}</body></html>\n`;
}

function chart(description: CurveDescription, curves: Readonly<Record<string, Curve>>): string {
  const published = Object.entries(description.published ?? {});
  const series = [
    ...Object.entries(curves).map(([name, curve]) => ({ name, curve, dashed: false })),
    ...published.map(([name, curve]) => ({ name: `${name} (published)`, curve, dashed: true })),
  ];
  if (series.length === 0) return '';
  const y = (value: number) => (description.logarithmic ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value);
  const drawn = (value: number) => Number.isFinite(value) && (!description.logarithmic || value > 0);
  const points = series.flatMap(({ curve }) =>
    curve.x.flatMap((x, i) => (drawn(curve.y[i]!) ? [[x, y(curve.y[i]!)] as const] : [])),
  );
  if (points.length === 0) return '';
  const xScale = scale(
    points.map(([px]) => px),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const yScale = scale(
    points.map(([, py]) => py),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const label = (value: number) => (description.logarithmic ? `1e${value.toFixed(1)}` : trim(value));
  const grid = [
    ...yScale.ticks.map((tick) => {
      const at = yScale.map(tick);
      return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/><text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${label(tick)}</text>`;
    }),
    ...xScale.ticks.map(
      (tick) => `<text x="${xScale.map(tick)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${trim(tick)}</text>`,
    ),
  ];
  const lines = series.map(({ name, curve, dashed }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const path = curve.x.flatMap((x, i) =>
      drawn(curve.y[i]!) ? [`${xScale.map(x).toFixed(1)},${yScale.map(y(curve.y[i]!)).toFixed(1)}`] : [],
    );
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    const at = MARGIN.top + 14 + index * 18;
    return `<polyline fill="none" stroke="${colour}" stroke-width="2"${dash} points="${path.join(' ')}"/>
<line x1="${WIDTH - MARGIN.right + 14}" x2="${WIDTH - MARGIN.right + 36}" y1="${at - 4}" y2="${at - 4}" stroke="${colour}" stroke-width="2"${dash}/><text x="${WIDTH - MARGIN.right + 42}" y="${at}">${escape(name)}</text>`;
  });
  const height = Math.max(HEIGHT, MARGIN.top + 24 + series.length * 18);
  const middle = (MARGIN.left + WIDTH - MARGIN.right) / 2;
  return `<figure><figcaption>${escape(description.title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${escape(description.title)}">${grid.join('')}${lines.join('')}
<text x="${middle}" y="${HEIGHT - 8}" text-anchor="middle">${escape(description.x)}</text><text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escape(description.y)}</text></svg></figure>`;
}

function scale(values: readonly number[], from: number, to: number): { map: (value: number) => number; ticks: number[] } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const span = high - low || 1;
  const ticks = Array.from({ length: TICKS }, (_, i) => low + (span * i) / (TICKS - 1));
  return { map: (value) => from + ((value - low) / span) * (to - from), ticks };
}

const trim = (value: number) => Number(value.toPrecision(3)).toString();
const escape = (text: string) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
