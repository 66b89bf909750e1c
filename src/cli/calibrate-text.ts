import type { CalibrationPoint, CalibrationReport, CalibrationSound, ListenedTo, Suggestion } from '../shared/calibration.js';
import type { SuggestedDecision } from '../shared/contract.js';

const SOUND_TITLES: Readonly<Record<CalibrationSound, string>> = {
  words: "clips of the model's words",
  otherWords: 'clips of other words',
  noise: 'recordings of noise',
  recordings: 'recordings of your own',
};

function row(point: CalibrationPoint, mark = ''): string {
  const bound = point.upperBoundPerHour === null ? '-' : point.upperBoundPerHour.toFixed(1);
  return [
    point.threshold.toFixed(4).padStart(9),
    String(point.falseAccepts).padStart(8),
    (point.hours > 0 ? point.falseAcceptsPerHour.toFixed(1) : '-').padStart(10),
    bound.padStart(10),
    String(point.falseRejects).padStart(8),
    (point.words > 0 ? `${(100 * point.falseRejectRate).toFixed(2)} %` : '-').padStart(10),
    String(point.wrongWords).padStart(8),
    (point.delayMs === null ? '-' : `${Math.round(point.delayMs)} ms`).padStart(9),
    mark,
  ]
    .join('')
    .trimEnd();
}

function soundLines(sounds: readonly ListenedTo[]): string[] {
  return sounds.map(({ sound, items, hours }) => `  ${items} ${SOUND_TITLES[sound]}, ${hours.toFixed(2)} h`);
}

function decisionText({ threshold, smoothingMs, patience, patienceOf }: SuggestedDecision): string {
  return `threshold ${threshold}, smoothing ${smoothingMs} ms, patience ${patience} of ${patienceOf}`;
}

function pointText({
  falseAccepts,
  hours,
  upperBoundPerHour,
  falseRejects,
  falseRejectRate,
  words,
  wrongWords,
  delayMs,
}: CalibrationPoint): string {
  const accepts =
    upperBoundPerHour === null
      ? ''
      : `${falseAccepts} false accepts in ${hours.toFixed(2)} h (at most ${upperBoundPerHour.toFixed(1)} per hour, 95 %), `;
  const delay = delayMs === null ? '' : `, decided ${Math.round(delayMs)} ms after a word's middle`;
  return `${accepts}${falseRejects} of ${words} words missed (${(100 * falseRejectRate).toFixed(2)} %), ${wrongWords} wrong words${delay}`;
}

function suggestionLines(
  title: string,
  { found, closest }: Suggestion,
  shown: (value: number) => string,
  { chosenOn, stopped }: CalibrationReport,
): string[] {
  if (!found) {
    const none = closest === null ? 'nothing to choose it by' : `no setting; the closest has ${shown(closest)}`;
    return [`${title}: ${stopped ? 'stopped before it could be looked for' : none}`];
  }
  return [
    `${title}: ${decisionText(found.decision)}`,
    ...(chosenOn.apart ? [`  where it was chosen: ${pointText(found.chosen)}`] : []),
    `  ${chosenOn.apart ? 'on the test part' : 'on the same sounds'}: ${pointText(found.point)}`,
  ];
}

/** A calibration's report for people. */
export function describeCalibration(report: CalibrationReport): string {
  const { byFalseAccepts, byFalseRejects } = report.suggestions;
  const { smoothingMs, patience, patienceOf } = report.decision;
  return [
    `${report.model}${report.stopped ? ', stopped half-way: only what was heard so far counts' : ''}`,
    ...soundLines(report.sounds),
    `Smoothing ${smoothingMs} ms, patience ${patience} of ${patienceOf}, by threshold:`,
    'threshold  accepts  per hour  95% bound rejects  of words   wrong    delay',
    ...report.points.map((point) => row(point)),
    row(report.now, '  in use'),
    ...(report.chosenOn.apart ? ['Suggestions were chosen on', ...soundLines(report.chosenOn.sounds)] : []),
    `${report.tried} settings tried.`,
    ...suggestionLines(
      `At most ${percentage(byFalseRejects.wish)} % of the words missed`,
      byFalseRejects,
      (value) => `${percentage(value)} %`,
      report,
    ),
    ...suggestionLines(
      `At most ${byFalseAccepts.wish} false accepts per hour`,
      byFalseAccepts,
      (value) => value.toFixed(1),
      report,
    ),
  ].join('\n');
}

/** Without the odd last digits of binary fractions. */
export function percentage(share: number): number {
  return Number((100 * share).toFixed(4));
}
