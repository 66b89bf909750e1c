import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CalibrationPoint, CalibrationReport, CalibrationSound } from '../../shared/calibration.js';
import { CALIBRATION_SOUNDS } from '../../shared/calibration.js';
import type { DecisionSettings } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { Backend } from '../network/backend.js';
import {
  CALIBRATION_THRESHOLDS,
  operatingPoint,
  poissonUpperBound,
  suggest,
  type LabelledTrack,
  type OperatingPoint,
} from '../recognizer/calibration.js';
import { HOP_MS } from '../recognizer/recognizer.js';
import { scoreTrack } from '../recognizer/score-track.js';
import type { CalibrationTrack } from './calibration-sounds.js';

export const WISHED_FALSE_ACCEPTS_PER_HOUR = 0.5;
export const WISHED_FALSE_REJECT_RATE = 0.05;

export interface CalibrationHooks {
  /** `listening`: tracks of sound; `deciding`: thresholds. */
  onProgress(phase: 'listening' | 'deciding', done: number, total: number): void;
  /** Asked between tracks and thresholds. */
  stopped(): boolean;
}

/**
 * Listens once to everything and replays the decision with many thresholds. Stopped half-way, it reports what it has heard so far.
 * @throws WinnowError `calibration-no-sound`, and what reading and inferring throw
 */
export async function calibrate(
  backend: Backend,
  model: string,
  tracks: readonly CalibrationTrack[],
  decision: DecisionSettings,
  hooks: CalibrationHooks,
): Promise<CalibrationReport> {
  if (tracks.length === 0) throw new WinnowError('calibration-no-sound');
  const heard: (LabelledTrack & { readonly sound: CalibrationSound; readonly items: number })[] = [];
  hooks.onProgress('listening', 0, tracks.length);
  for (const track of tracks) {
    if (hooks.stopped()) break;
    const scored = await scoreTrack(backend, decision, await track.read());
    heard.push({ ...scored, words: track.words, sound: track.sound, items: track.items });
    hooks.onProgress('listening', heard.length, tracks.length);
    await nextTurn();
  }
  const bySound = new Map(CALIBRATION_SOUNDS.map((sound) => [sound, heard.filter((track) => track.sound === sound)]));
  const { labels } = backend.model;
  const at = (threshold: number): CalibrationPoint => {
    const point = (sound: CalibrationSound): OperatingPoint =>
      operatingPoint(labels, bySound.get(sound)!, decision, threshold, HOP_MS);
    return together(threshold, {
      words: point('words'),
      otherWords: point('otherWords'),
      noise: point('noise'),
      recordings: point('recordings'),
    });
  };
  const points: CalibrationPoint[] = [];
  for (const threshold of CALIBRATION_THRESHOLDS) {
    hooks.onProgress('deciding', points.length, CALIBRATION_THRESHOLDS.length);
    points.push(at(threshold));
    await nextTurn();
  }
  hooks.onProgress('deciding', points.length, points.length);
  return {
    model,
    decision,
    sounds: CALIBRATION_SOUNDS.flatMap((sound) => {
      const some = bySound.get(sound)!;
      const items = some.reduce((sum, track) => sum + track.items, 0);
      return items === 0 ? [] : [{ sound, items, hours: hoursOf(some) }];
    }),
    points,
    now: at(decision.threshold),
    suggestions: suggestions(points),
    stopped: heard.length < tracks.length,
  };
}

function hoursOf(tracks: readonly LabelledTrack[]): number {
  return tracks.reduce((sum, track) => sum + track.durationMs, 0) / 3_600_000;
}

function together(threshold: number, by: Readonly<Record<CalibrationSound, OperatingPoint>>): CalibrationPoint {
  const falseAcceptsIn = {
    otherWords: by.otherWords.falseAccepts,
    noise: by.noise.falseAccepts,
    recordings: by.recordings.falseAccepts,
  };
  const falseAccepts = falseAcceptsIn.otherWords + falseAcceptsIn.noise + falseAcceptsIn.recordings;
  const hours = by.otherWords.hours + by.noise.hours + by.recordings.hours;
  const words = by.words.words + by.recordings.words;
  const falseRejects = by.words.falseRejects + by.recordings.falseRejects;
  return {
    threshold,
    falseAccepts,
    falseAcceptsIn,
    hours,
    falseAcceptsPerHour: hours > 0 ? falseAccepts / hours : 0,
    upperBoundPerHour: hours > 0 ? poissonUpperBound(falseAccepts) / hours : null,
    words,
    falseRejects,
    falseRejectRate: words > 0 ? falseRejects / words : 0,
    wrongWords: by.words.falseAccepts,
  };
}

/** A threshold is only suggested for what was listened to. */
function suggestions(points: readonly CalibrationPoint[]): CalibrationReport['suggestions'] {
  const { byFalseAccepts, byFalseRejects } = suggest(points, WISHED_FALSE_ACCEPTS_PER_HOUR, WISHED_FALSE_REJECT_RATE);
  const [{ hours, words } = { hours: 0, words: 0 }] = points;
  return {
    byFalseAccepts: { wish: WISHED_FALSE_ACCEPTS_PER_HOUR, point: hours > 0 ? byFalseAccepts : null },
    byFalseRejects: { wish: WISHED_FALSE_REJECT_RATE, point: words > 0 ? byFalseRejects : null },
  };
}
