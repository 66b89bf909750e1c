import { expect, it } from 'vitest';
import { shownLabel, wordsFirst } from './labels.js';

it('puts the words first, in their order, each once', () => {
  expect(wordsFirst(['_silence_', 'unknown', 'yes', 'no', 'yes', 'up_down'])).toEqual([
    'yes',
    'no',
    'up_down',
    '_silence_',
    'unknown',
  ]);
  expect(['_silence_', 'up_down'].map(shownLabel)).toEqual(['silence', 'up_down']);
});
