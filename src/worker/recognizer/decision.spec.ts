import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionSettings } from '../../shared/contract.js';
import { Decision, smoothScores, softmax, type Heard, type ScoredWindow } from './decision.js';

const HOP_MS = 32;
const LABELS = ['yes', 'no', '_silence_', '_unknown_'];
const SETTINGS: DecisionSettings = {
  smoothingMs: 0,
  threshold: 0.6,
  patience: 2,
  patienceOf: 3,
  refractoryMs: 320,
  thresholds: {},
};

function stream(rows: readonly (readonly number[])[]): ScoredWindow[] {
  return rows.map((scores, i) => ({ centreMs: 560 + i * HOP_MS, endMs: 1120 + i * HOP_MS, scores }));
}

function hear(settings: DecisionSettings, windows: readonly ScoredWindow[]): Heard[] {
  const decision = new Decision(LABELS, settings, HOP_MS);
  return windows.flatMap((window) => decision.push(window).heard ?? []);
}

const row = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: LABELS.length, maxLength: LABELS.length })
  .map((weights) => {
    const sum = weights.reduce((a, b) => a + b, 0) || 1;
    return weights.map((w) => w / sum);
  });
/** Runs of the same scores, as words make them: detections actually happen. */
const rows = fc
  .array(fc.tuple(row, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 25 })
  .map((runs) => runs.flatMap(([scores, times]) => Array.from({ length: times }, () => scores)));
const settings = fc
  .record({
    smoothingMs: fc.constantFrom(0, 64, 160, 400),
    threshold: fc.double({ min: 0.3, max: 0.9, noNaN: true }),
    patience: fc.integer({ min: 1, max: 4 }),
    patienceOf: fc.integer({ min: 1, max: 6 }),
    refractoryMs: fc.constantFrom(0, 100, 320, 1000),
  })
  .map((s) => ({ ...s, thresholds: {} }));

describe('decision', () => {
  it('decides the same on scores that were smoothed before', () => {
    fc.assert(
      fc.property(settings, rows, (some, scores) => {
        const windows = stream(scores);
        const smoothed = smoothScores(windows, some.smoothingMs, HOP_MS);
        const [live, replayed] = [new Decision(LABELS, some, HOP_MS), new Decision(LABELS, some, HOP_MS)];
        windows.forEach((window, i) => {
          const decided = live.push(window);
          expect(replayed.pushSmoothed(window, smoothed[i]!)).toEqual(decided.heard);
          expect(smoothed[i]).toEqual(decided.smoothed);
        });
        expect(replayed.end()).toEqual(live.end());
      }),
    );
  });

  it('never fires a word that is switched off, and hears the others', () => {
    const yes = Array.from({ length: 8 }, () => [1, 0, 0, 0]);
    const no = Array.from({ length: 8 }, () => [0, 1, 0, 0]);
    const heard = hear({ ...SETTINGS, off: ['yes'] }, stream([...yes, ...no]));
    expect(heard.map(({ label }) => label)).toEqual(['no']);
  });

  it('fires once per utterance, when its score rises no more, and names the best window', () => {
    const quiet = [0, 0, 1, 0];
    const windows = stream([quiet, [0.65, 0, 0.35, 0], [0.9, 0, 0.1, 0], [0.7, 0, 0.3, 0], [0.7, 0, 0.3, 0], quiet, quiet]);
    const [only, ...rest] = hear(SETTINGS, windows);
    expect(rest).toEqual([]);
    expect(only).toEqual({ label: 'yes', confidence: 0.9, best: windows[2], firedMs: 1120 + 3 * HOP_MS });
  });

  it('names the middle of the windows that score nearly best, and waits for it no longer than it must', () => {
    const quiet = [0, 0, 1, 0];
    const word = Array.from({ length: 40 }, (_, i) => [0.95 + 0.001 * (i % 3), 0.02, 0.03, 0]);
    const smooth = { ...SETTINGS, smoothingMs: 480 };
    const [heard] = hear(smooth, stream([...Array<number[]>(20).fill(quiet), ...word]));
    // The average passes 0.6 with the tenth window, for the second time with the eleventh, and is level with the sixteenth.
    expect((heard!.firedMs - 1120) / HOP_MS - 20).toBe(15);
    expect((heard!.best.centreMs - 560) / HOP_MS - 20).toBe(7);
    // A slow rise is waited for 256 ms, from the first window at which the word passes.
    const slow = Array.from({ length: 60 }, (_, i) => [Math.min(1, i / 40), 0, Math.max(0, 1 - i / 40), 0]);
    const [late] = hear(SETTINGS, stream(slow));
    expect(late!.firedMs).toBe(1120 + 25 * HOP_MS + 256);
  });

  it('fires a word that has passed when the stream ends', () => {
    const decision = new Decision(LABELS, { ...SETTINGS, smoothingMs: 480 }, HOP_MS);
    const windows = stream(Array.from({ length: 4 }, () => [1, 0, 0, 0]));
    expect(windows.map((window) => decision.push(window).heard)).toEqual([undefined, undefined, undefined, undefined]);
    expect(decision.end()).toMatchObject({ label: 'yes', best: windows[1], firedMs: windows[3]!.endMs });
    expect(decision.end()).toBeUndefined();
  });

  it('does not fire again while the score stays up, and does after it has fallen and the refractory time is over', () => {
    const on = [1, 0, 0, 0];
    const off = [0, 0, 1, 0];
    const held = stream(Array.from({ length: 60 }, () => on));
    expect(hear(SETTINGS, held)).toHaveLength(1);
    const again = stream([...Array<number[]>(20).fill(on), ...Array<number[]>(5).fill(off), ...Array<number[]>(20).fill(on)]);
    expect(hear(SETTINGS, again)).toHaveLength(2);
  });

  it('uses the threshold of the word where it has one', () => {
    const windows = stream(Array.from({ length: 4 }, () => [0.4, 0.35, 0.25, 0]));
    expect(hear(SETTINGS, windows)).toEqual([]);
    expect(hear({ ...SETTINGS, thresholds: { no: 0.3 } }, windows).map((h) => h.label)).toEqual(['no']);
  });

  it('never fires silence or unknown', () => {
    expect(hear(SETTINGS, stream(Array.from({ length: 9 }, () => [0, 0, 1, 0])))).toEqual([]);
    expect(hear(SETTINGS, stream(Array.from({ length: 9 }, () => [0, 0, 0, 1])))).toEqual([]);
  });

  it('keeps its promises on any stream of scores', () => {
    let fired = 0;
    fc.assert(
      fc.property(settings, rows, (s, scores) => {
        const windows = stream(scores);
        const heard = hear(s, windows);
        fired += heard.length;
        for (const [i, h] of heard.entries()) {
          const index = LABELS.indexOf(h.label);
          expect(index).toBeLessThan(2);
          // A mean never exceeds its largest term (but for rounding), so the best window passes the threshold too.
          expect(h.confidence).toBeGreaterThanOrEqual(s.threshold - 1e-12);
          expect(h.confidence).toBe(h.best.scores[index]);
          expect(h.best.endMs).toBeLessThanOrEqual(h.firedMs);
          const previous = heard[i - 1];
          if (previous) expect(h.firedMs - previous.firedMs).toBeGreaterThanOrEqual(s.refractoryMs);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
    expect(fired).toBeGreaterThan(100);
  });

  it('hears nothing that no window scores at the threshold, and more patience never hears a word earlier', () => {
    fc.assert(
      fc.property(settings, rows, (s, scores) => {
        const windows = stream(scores);
        const first = hear(s, windows)[0];
        const patient = hear({ ...s, patience: s.patience + 1, patienceOf: s.patienceOf + 1 }, windows)[0];
        if (first && patient) expect(patient.firedMs).toBeGreaterThanOrEqual(first.firedMs);
        if (!first) expect(patient).toBeUndefined();
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('starts afresh after a reset', () => {
    const windows = stream(Array.from({ length: 5 }, () => [1, 0, 0, 0]));
    const decision = new Decision(LABELS, SETTINGS, HOP_MS);
    const run = (): (Heard | undefined)[] => windows.map((w) => decision.push(w).heard);
    const once = run();
    decision.reset();
    expect(run()).toEqual(once);
  });
});

describe('softmax', () => {
  it('sums to one and keeps the order, also far from zero', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 40 }), (logits) => {
        const p = softmax(logits);
        expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const top = p.indexOf(Math.max(...p));
        expect(logits[top]).toBeCloseTo(Math.max(...logits), 6);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});
