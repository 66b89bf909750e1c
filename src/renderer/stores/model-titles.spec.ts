import { expect, it } from 'vitest';
import { modelTitles } from './model-titles.js';

it('tells models of one name apart', () => {
  const titles = modelTitles([
    { id: 'commands', name: 'commands' },
    { id: 'kitchen', name: 'commands' },
    { id: 'a', name: 'other' },
  ]);
  expect([...titles.values()]).toEqual(['commands', 'commands (kitchen)', 'other']);
});
