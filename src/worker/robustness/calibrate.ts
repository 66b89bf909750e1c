import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CALIBRATION_SOUNDS,
  type CalibrationPoint,
  type CalibrationReport,
  type CalibrationSound,
  type ListenedTo,
  type Suggestion,
} from '../../shared/calibration.js';
import type { DecisionSettings } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { Backend } from '../network/backend.js';
import {
  operatingPoint,
  poissonUpperBound,
  smoothTracks,
  type LabelledTrack,
  type SmoothedTrack,
} from '../recognizer/calibration.js';
import { suggestedPart } from '../recognizer/decision-in-use.js';
import { HOP_MS } from '../recognizer/recognizer.js';
import { scoreTrack } from '../recognizer/score-track.js';
import type { CalibrationTrack } from './calibration-sounds.js';
import {
  bestByFalseAccepts,
  bestByFalseRejects,
  lowest,
  CALIBRATION_THRESHOLDS,
  sweepGroups,
  type Candidate,
} from './decision-sweep.js';

/** What an operating point shall keep. */
export interface CalibrationWishes {
  readonly falseAcceptsPerHour: number;
  /** 0 to 1. */
  readonly falseRejectRate: number;
}
export const DEFAULT_WISHES: CalibrationWishes = { falseAcceptsPerHour: 0.5, falseRejectRate: 0.05 };

export interface CalibrationHooks {
  /** `listening`: tracks of sound; `deciding`: settings. */
  onProgress(phase: 'listening' | 'deciding', done: number, total: number): void;
  /** Asked between tracks and settings. */
  stopped(): boolean;
}

type HeardTrack = LabelledTrack & Pick<CalibrationTrack, 'sound' | 'items' | 'use'>;

/**
 * Listens once to everything, replays the decision in use with many thresholds, and looks among many settings (smoothing, patience
 * and threshold) for one that keeps each wish. The settings are chosen on the sounds that are there for choosing and judged on the
 * others. Stopped half-way, it reports what it has heard so far and
 * suggests nothing.
 * @throws WinnowError `calibration-no-sound`, and what reading and inferring throw
 */
export async function calibrate(
  backend: Backend,
  model: string,
  tracks: readonly CalibrationTrack[],
  decision: DecisionSettings,
  hooks: CalibrationHooks,
  wishes: CalibrationWishes = DEFAULT_WISHES,
): Promise<CalibrationReport> {
  const heard = await listen(backend, tracks, decision, hooks);
  const { labels } = backend.model;
  const judged = heard.filter(({ use }) => use !== 'choose');
  const apart = tracks.some(({ use }) => use === 'choose');
  const choosing = heard.filter(({ use }) => use !== 'judge');

  const asInUse = smoothTracks(judged, decision.smoothingMs, HOP_MS);
  const points = CALIBRATION_THRESHOLDS.map((threshold) => pointOf(labels, asInUse, { ...decision, threshold }));
  const tried = await tryAll(labels, choosing, decision, hooks);
  const candidates = tried ?? [];
  const suggestion = (wish: number, closest: number | null, best: Candidate | null): Suggestion => {
    if (!best) return { wish, closest, found: null };
    const point = pointOf(labels, smoothTracks(judged, best.decision.smoothingMs, HOP_MS), best.decision);
    return { wish, closest, found: { decision: suggestedPart(best.decision), chosen: best.point, point } };
  };
  const { falseAcceptsPerHour, falseRejectRate } = wishes;
  return {
    model,
    decision,
    sounds: listenedTo(judged),
    points,
    now: pointOf(labels, asInUse, decision),
    chosenOn: { apart, sounds: listenedTo(choosing) },
    tried: candidates.length,
    suggestions: {
      byFalseAccepts: suggestion(
        falseAcceptsPerHour,
        lowest(candidates, 'hours', 'falseAcceptsPerHour'),
        bestByFalseAccepts(candidates, falseAcceptsPerHour),
      ),
      byFalseRejects: suggestion(
        falseRejectRate,
        lowest(candidates, 'words', 'falseRejectRate'),
        bestByFalseRejects(candidates, falseRejectRate),
      ),
    },
    stopped: tried === null,
  };
}

async function listen(
  backend: Backend,
  tracks: readonly CalibrationTrack[],
  decision: DecisionSettings,
  { onProgress, stopped }: CalibrationHooks,
): Promise<HeardTrack[]> {
  if (tracks.length === 0) throw new WinnowError('calibration-no-sound');
  const heard: HeardTrack[] = [];
  onProgress('listening', 0, tracks.length);
  for (const { sound, items, use, words, read } of tracks) {
    if (stopped()) break;
    heard.push({ ...(await scoreTrack(backend, decision, await read())), words, sound, items, use });
    onProgress('listening', heard.length, tracks.length);
    await nextTurn();
  }
  return heard;
}

/**
 * Where only one kind of mistake can be counted, the threshold alone is tried: nothing would hold the rest in check.
 * @returns null when it was stopped: part of the sound or of the settings is no ground to choose on
 */
async function tryAll(
  labels: readonly string[],
  tracks: readonly HeardTrack[],
  decision: DecisionSettings,
  { onProgress, stopped }: CalibrationHooks,
): Promise<Candidate[] | null> {
  const spoken = tracks.some(({ words }) => words.length > 0);
  const unspoken = tracks.some(({ sound }) => sound !== 'words');
  const groups = sweepGroups(decision, !(spoken && unspoken));
  const total = groups.reduce((sum, { settings }) => sum + settings.length, 0);
  const candidates: Candidate[] = [];
  for (const { smoothingMs, settings } of groups) {
    const smoothed = smoothTracks(tracks, smoothingMs, HOP_MS);
    for (const tried of settings) {
      if (stopped()) return null;
      onProgress('deciding', candidates.length, total);
      candidates.push({ decision: tried, point: pointOf(labels, smoothed, tried) });
      await nextTurn();
    }
  }
  onProgress('deciding', total, total);
  return candidates;
}

function listenedTo(tracks: readonly HeardTrack[]): ListenedTo[] {
  return CALIBRATION_SOUNDS.flatMap((sound) => {
    const some = tracks.filter((track) => track.sound === sound);
    const items = some.reduce((sum, track) => sum + track.items, 0);
    const hours = some.reduce((sum, { durationMs }) => sum + durationMs, 0) / 3_600_000;
    return items === 0 ? [] : [{ sound, items, hours }];
  });
}

/** @param tracks smoothed as the settings smooth */
function pointOf(
  labels: readonly string[],
  tracks: readonly (SmoothedTrack & { readonly sound: CalibrationSound })[],
  settings: DecisionSettings,
): CalibrationPoint {
  const of = (sound: CalibrationSound) =>
    operatingPoint(
      labels,
      tracks.filter((track) => track.sound === sound),
      settings,
      HOP_MS,
    );
  const by = { words: of('words'), otherWords: of('otherWords'), noise: of('noise'), recordings: of('recordings') };
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
    threshold: settings.threshold,
    falseAccepts,
    falseAcceptsIn,
    hours,
    falseAcceptsPerHour: hours > 0 ? falseAccepts / hours : 0,
    upperBoundPerHour: hours > 0 ? poissonUpperBound(falseAccepts) / hours : null,
    words,
    falseRejects,
    falseRejectRate: words > 0 ? falseRejects / words : 0,
    wrongWords: by.words.falseAccepts,
    delayMs: median([...by.words.delaysMs, ...by.recordings.delaysMs]),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
}
