import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalibrationPoint } from '../../shared/calibration.js';
import { DEFAULT_SETTINGS } from '../../shared/contract.js';
import { bestByFalseAccepts, bestByFalseRejects, sweepGroups, type Candidate } from './decision-sweep.js';

const { decision } = DEFAULT_SETTINGS;

function candidate(change: Partial<CalibrationPoint>): Candidate {
  const point: CalibrationPoint = {
    threshold: 0.5,
    falseAccepts: 0,
    falseAcceptsIn: { otherWords: 0, noise: 0, recordings: 0 },
    hours: 1,
    falseAcceptsPerHour: change.falseAccepts ?? 0,
    upperBoundPerHour: null,
    words: 100,
    falseRejects: 0,
    falseRejectRate: (change.falseRejects ?? 0) / 100,
    wrongWords: 0,
    delayMs: 0,
    ...change,
  };
  return { decision: { ...decision, threshold: point.threshold }, point };
}

const figures = fc.record({
  falseAccepts: fc.integer({ min: 0, max: 5 }),
  falseRejects: fc.integer({ min: 0, max: 12 }),
  wrongWords: fc.integer({ min: 0, max: 3 }),
  delayMs: fc.integer({ min: 0, max: 900 }),
});

describe('the choice among settings', () => {
  it('keeps the wish, and nothing within it is better', () => {
    fc.assert(
      fc.property(fc.array(figures, { maxLength: 30 }), (some) => {
        const candidates = some.map((figure) => candidate(figure));
        const byAccepts = bestByFalseAccepts(candidates, 2);
        const quiet = candidates.filter(({ point }) => point.falseAccepts <= 2);
        expect(byAccepts === null).toBe(quiet.length === 0);
        if (byAccepts) {
          expect(byAccepts.point.falseRejects).toBe(Math.min(...quiet.map(({ point }) => point.falseRejects)));
        }
        const byRejects = bestByFalseRejects(candidates, 0.05);
        const keen = candidates.filter(({ point }) => point.falseRejects <= 5);
        expect(byRejects === null).toBe(keen.length === 0);
        if (byRejects) expect(byRejects.point.falseAccepts).toBe(Math.min(...keen.map(({ point }) => point.falseAccepts)));
      }),
    );
  });

  it('of equal ones takes fewer wrong words, then the earlier decision', () => {
    const late = candidate({ falseRejects: 3, wrongWords: 1, delayMs: 900 });
    const early = candidate({ falseRejects: 3, wrongWords: 1, delayMs: 400 });
    const wrong = candidate({ falseRejects: 3, wrongWords: 2, delayMs: 100 });
    for (const best of [bestByFalseAccepts, bestByFalseRejects]) expect(best([late, wrong, early], 0.5)).toBe(early);
  });

  it('takes the lowest threshold that is quiet enough where nothing is said, the highest that hears enough where all is said', () => {
    const unspoken = [0.3, 0.6, 0.9].map((threshold, i) => candidate({ threshold, words: 0, falseAccepts: 2 - i }));
    expect(bestByFalseAccepts(unspoken, 1)).toBe(unspoken[1]);
    expect(bestByFalseRejects(unspoken, 1)).toBeNull();
    const spoken = [0.3, 0.6, 0.9].map((threshold, i) => candidate({ threshold, hours: 0, falseRejects: 4 * i }));
    expect(bestByFalseRejects(spoken, 0.05)).toBe(spoken[1]);
    expect(bestByFalseAccepts(spoken, 1)).toBeNull();
  });

  it('leaves smoothing and patience alone where only the threshold is tried', () => {
    const [group, ...more] = sweepGroups(decision, true);
    expect(more).toEqual([]);
    expect(group!.smoothingMs).toBe(decision.smoothingMs);
    expect(new Set(group!.settings.map(({ patience, patienceOf }) => `${patience}/${patienceOf}`)).size).toBe(1);
    const all = sweepGroups(decision, false).flatMap(({ settings }) => settings);
    expect(new Set(all.map((some) => JSON.stringify(some))).size).toBe(all.length);
    for (const { patience, patienceOf } of all) expect(patience).toBeLessThanOrEqual(patienceOf);
  });
});
