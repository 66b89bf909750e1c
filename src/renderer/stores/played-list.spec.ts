import { describe, expect, it } from 'vitest';
import { runningAccuracy, type PlayedClip } from './played-list.svelte.js';

const clip = (correct: boolean | null): PlayedClip => ({
  key: 'a',
  word: 'yes',
  answers: [
    { modelId: 'm', label: 'yes', correct },
    { modelId: 'other', label: 'no', correct: true },
  ],
});

describe('the running accuracy', () => {
  it('counts the answers of one model, without the clips that do not count for it', () => {
    expect(runningAccuracy([clip(true), clip(false), clip(null)], 'm')).toEqual({ right: 1, counted: 2 });
    expect(runningAccuracy([clip(true)], 'none')).toEqual({ right: 0, counted: 0 });
  });
});
