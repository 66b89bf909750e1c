import { describe, expect, it } from 'vitest';
import type { DecisionSettings } from '../../shared/contract.js';
import { type LabelledTrack, operatingPoint, poissonUpperBound, smoothTracks, type SpokenWord } from './calibration.js';

const HOP_MS = 32;
const LABELS = ['_silence_', 'yes', 'no'];
const SETTINGS: DecisionSettings = {
  smoothingMs: 0,
  threshold: 0.5,
  patience: 1,
  patienceOf: 1,
  refractoryMs: 500,
  thresholds: {},
};

/** A track whose score of `label` peaks at the given times. */
function track(
  peaks: { label: string; timeMs: number; score: number }[],
  words: SpokenWord[],
  durationMs = 10_000,
): LabelledTrack {
  const windows = Array.from({ length: Math.floor(durationMs / HOP_MS) }, (_, i) => {
    const centreMs = i * HOP_MS;
    const scores = LABELS.map(
      (label) => peaks.find((p) => p.label === label && Math.abs(p.timeMs - centreMs) < HOP_MS)?.score ?? 0,
    );
    return { centreMs, endMs: centreMs + 500, scores };
  });
  return { windows, durationMs, words };
}

describe('an operating point', () => {
  const tracks = [
    track([{ label: 'yes', timeMs: 2000, score: 0.9 }], [{ label: 'yes', timeMs: 2100 }]),
    track([{ label: 'no', timeMs: 2000, score: 0.7 }], [{ label: 'yes', timeMs: 2000 }]),
    track([{ label: 'yes', timeMs: 5000, score: 0.6 }], []),
  ];
  const at = (threshold: number, some = tracks) =>
    operatingPoint(LABELS, smoothTracks(some, SETTINGS.smoothingMs, HOP_MS), { ...SETTINGS, threshold }, HOP_MS);

  it('counts words missed and detections that belong to none', () => {
    const point = at(0.5);
    expect([point.words, point.falseRejects, point.falseAccepts]).toEqual([2, 1, 2]);
    expect(point.hours).toBeCloseTo(30 / 3600, 9);
    expect(point.accepts.map((accept) => [accept.track, accept.label])).toEqual([
      [1, 'no'],
      [2, 'yes'],
    ]);
    expect(point.delaysMs).toHaveLength(1);
  });

  it('trades the one for the other as the threshold rises', () => {
    const points = [0.5, 0.55, 0.65, 0.75, 0.95].map((threshold) => at(threshold));
    expect(points.map(({ falseAccepts }) => falseAccepts)).toEqual([2, 2, 1, 0, 0]);
    expect(points.map(({ falseRejects }) => falseRejects)).toEqual([1, 1, 1, 1, 2]);
  });

  it('hears a word that still rises when the recording ends', () => {
    const rising = (_: unknown, i: number) => ({ centreMs: i * HOP_MS, endMs: i * HOP_MS + 500, scores: [0, i / 40, 0] });
    const cut: LabelledTrack = {
      windows: Array.from({ length: 22 }, rising),
      durationMs: 704,
      words: [{ label: 'yes', timeMs: 640 }],
    };
    expect(at(0.5, [cut])).toMatchObject({ falseRejects: 0, falseAccepts: 0 });
  });
});

it('bounds a Poisson rate as the tables do', () => {
  // Half of the 95 % points of chi-square with 2 (count + 1) degrees of freedom.
  expect(poissonUpperBound(0)).toBeCloseTo(2.9957, 3);
  expect(poissonUpperBound(1)).toBeCloseTo(4.7439, 3);
  expect(poissonUpperBound(10)).toBeCloseTo(16.9622, 3);
});
