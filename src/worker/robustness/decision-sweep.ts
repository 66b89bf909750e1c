import type { CalibrationPoint } from '../../shared/calibration.js';
import type { DecisionSettings } from '../../shared/contract.js';

/** Thresholds that a calibration tries: fine where softmax scores crowd, near 1. */
export const CALIBRATION_THRESHOLDS: readonly number[] = [
  ...Array.from({ length: 18 }, (_, i) => (i + 1) / 20),
  ...[0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999, 0.9995, 0.9998, 0.9999],
];
/** Whole windows of 32 ms. */
const SMOOTHINGS_MS: readonly number[] = [0, 96, 160, 224, 288, 384, 480, 640, 800];
const PATIENCES: readonly (readonly [patience: number, patienceOf: number])[] = [
  [1, 1],
  [2, 3],
  [3, 5],
  [4, 6],
  [6, 8],
  [8, 12],
];

/** Settings with one smoothing: they share the averaged scores. */
export interface SweepGroup {
  readonly smoothingMs: number;
  /** By patience, then by ascending threshold. */
  readonly settings: readonly DecisionSettings[];
}

/** Everything that a sweep tries around some settings. @param thresholdsOnly smoothing and patience stay */
export function sweepGroups(decision: DecisionSettings, thresholdsOnly: boolean): SweepGroup[] {
  const patiences = thresholdsOnly ? [[decision.patience, decision.patienceOf] as const] : PATIENCES;
  return (thresholdsOnly ? [decision.smoothingMs] : SMOOTHINGS_MS).map((smoothingMs) => ({
    smoothingMs,
    settings: patiences.flatMap(([patience, patienceOf]) =>
      CALIBRATION_THRESHOLDS.map((threshold) => ({ ...decision, smoothingMs, patience, patienceOf, threshold })),
    ),
  }));
}

/** A setting and what it does. */
export interface Candidate {
  readonly decision: DecisionSettings;
  readonly point: CalibrationPoint;
}

type Figure = 'falseAccepts' | 'falseRejects' | 'wrongWords' | 'delayMs';

/**
 * Of the candidates within so many false accepts per hour the one that misses the fewest words; of equal ones the one with fewer
 * wrong words, fewer false accepts, the earlier decision. Where no word was spoken, the lowest threshold.
 */
export function bestByFalseAccepts(candidates: readonly Candidate[], perHour: number): Candidate | null {
  const within = candidates.filter(({ point }) => point.hours > 0 && point.falseAcceptsPerHour <= perHour);
  if (candidates.every(({ point }) => point.words === 0)) return within[0] ?? null;
  return least(within, ['falseRejects', 'wrongWords', 'falseAccepts', 'delayMs']);
}

/**
 * Of the candidates that miss at most this share of the words the one with the fewest false accepts; of equal ones the one with
 * fewer wrong words, fewer words missed, the earlier decision. Where there is no sound to count false accepts in, the highest
 * threshold.
 */
export function bestByFalseRejects(candidates: readonly Candidate[], share: number): Candidate | null {
  const within = candidates.filter(({ point }) => point.words > 0 && point.falseRejectRate <= share);
  if (candidates.every(({ point }) => point.hours === 0)) return within.at(-1) ?? null;
  return least(within, ['falseAccepts', 'wrongWords', 'falseRejects', 'delayMs']);
}

/** The lowest rate that any candidate reaches, null where there was nothing that it could be counted in. */
export function lowest(
  candidates: readonly Candidate[],
  of: 'hours' | 'words',
  rate: 'falseAcceptsPerHour' | 'falseRejectRate',
): number | null {
  const counted = candidates.filter(({ point }) => point[of] > 0);
  return counted.reduce<number | null>((least, { point }) => Math.min(least ?? Infinity, point[rate]), null);
}

function least(candidates: readonly Candidate[], order: readonly Figure[]): Candidate | null {
  const less = (a: CalibrationPoint, b: CalibrationPoint): boolean => {
    const decisive = order.find((figure) => (a[figure] ?? 0) !== (b[figure] ?? 0));
    return decisive !== undefined && (a[decisive] ?? 0) < (b[decisive] ?? 0);
  };
  return candidates.reduce<Candidate | null>((best, next) => (best && !less(next.point, best.point) ? best : next), null);
}
