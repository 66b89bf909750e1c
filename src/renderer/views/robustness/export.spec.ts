import { describe, expect, it } from 'vitest';
import type { NoiseScore } from '../../../shared/study.js';
import { scoreCsv } from './export.js';

describe('the exported noise score', () => {
  it('has a row for each finished level, with awkward names quoted', () => {
    const curve = { modelId: 'a,"b"', clips: 4, eta: [0, 0.1], correct: [4, 3], score: 7, maxScore: 8, mean: 7 / 8 };
    const score: NoiseScore = {
      source: 's',
      clips: 4,
      hash: null,
      noise: 'white',
      seed: 1,
      etas: [0, 0.1, 0.2],
      curves: [curve],
      uncounted: [],
      stopped: true,
    };
    expect(scoreCsv(score)).toBe('model,eta,correct,clips,accuracy\n"a,""b""",0,4,4,1\n"a,""b""",0.1,3,4,0.75\n');
  });
});
