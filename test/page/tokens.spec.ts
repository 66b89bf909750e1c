import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../src/renderer/styles/tokens.css', import.meta.url), 'utf8');

const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

function colours(theme: Theme): Record<string, string> {
  const found = [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)];
  return Object.fromEntries(found.map(([, name, light, dark]) => [name!, (theme === 'light' ? light : dark)!]));
}

/** WCAG 2: relative luminance of #rrggbb. */
function luminance(colour: string): number {
  const linear = [1, 3, 5].map((at) => {
    const v = parseInt(colour.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

describe.each(THEMES)('the %s theme', (theme) => {
  const token = colours(theme);
  const of = (text: string, ground: string) => contrast(token[text]!, token[ground]!);

  it.each([
    ...['ink', 'ink-soft'].flatMap((text) => ['ground', 'panel', 'sunken'].map((ground) => [text, ground])),
    ...['accent', 'bad', 'warn', 'good', 'series-2'].map((text) => [text, 'panel']),
    ['accent', 'accent-soft'],
    ['accent-ink', 'accent'],
    ['ink', 'accent-soft'],
    ['ink-soft', 'accent-soft'],
    ['series-2', 'accent-soft'],
    ['bad', 'bad-soft'],
    ['ink', 'bad-soft'],
    ['ink-soft', 'bad-soft'],
    ['warn', 'warn-soft'],
    ['ink', 'warn-soft'],
  ])('writes %s on %s so that it can be read (4.5 : 1)', (text, ground) => {
    expect(of(text!, ground!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([['line-strong', 'panel'], ...['2', '3', '4', '5', '6'].map((i) => [`series-${i}`, 'panel']), ['accent', 'sunken']])(
    'draws %s on %s so that it can be seen (3 : 1)',
    (line, ground) => {
      expect(of(line!, ground!)).toBeGreaterThanOrEqual(3);
    },
  );
});
