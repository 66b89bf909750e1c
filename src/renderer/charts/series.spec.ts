import { expect, it } from 'vitest';
import { tabSeparated } from './series.js';

it('writes the union of the x values, with holes where a line has none', () => {
  expect(
    tabSeparated('eta', [
      { name: 'a\tb', x: [0, 0.1], y: [0.97, 0.9] },
      { name: 'c', x: [0.1, 0.5], y: [0.8, 0.3] },
    ]),
  ).toBe('eta\ta b\tc\n0\t0.97\t\n0.1\t0.9\t0.8\n0.5\t\t0.3\n');
});
