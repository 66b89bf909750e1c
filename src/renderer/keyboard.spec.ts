import { describe, expect, it } from 'vitest';
import { shortcutOf, type KeyPress } from './keyboard.js';

const press = (key: string, target: KeyPress['target'] = null, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  target,
  ...more,
});
const on = (tagName: string, type = '') => ({ tagName, type, isContentEditable: false });

describe('shortcutOf', () => {
  it('knows the keys of the application', () => {
    expect(shortcutOf(press(' '))).toEqual({ kind: 'listen' });
    expect(shortcutOf(press('N'))).toEqual({ kind: 'noise' });
    expect(shortcutOf(press('p'))).toEqual({ kind: 'presentation' });
    expect(shortcutOf(press('?'))).toEqual({ kind: 'help' });
    expect(shortcutOf(press('2'))).toEqual({ kind: 'screen', index: 1 });
    expect(shortcutOf(press('0'))).toBeNull();
    expect(shortcutOf(press('x'))).toBeNull();
  });

  it('leaves typing alone', () => {
    for (const target of [on('INPUT', 'text'), on('INPUT', 'number'), on('TEXTAREA'), on('SELECT')]) {
      for (const key of [' ', 'n', '1', '?']) expect(shortcutOf(press(key, target))).toBeNull();
    }
    expect(shortcutOf(press('n', { tagName: 'DIV', isContentEditable: true }))).toBeNull();
  });

  it('leaves the space bar to what it presses, and only that', () => {
    expect(shortcutOf(press(' ', on('BUTTON')))).toBeNull();
    expect(shortcutOf(press(' ', on('INPUT', 'checkbox')))).toBeNull();
    expect(shortcutOf(press('n', on('BUTTON')))).toEqual({ kind: 'noise' });
    expect(shortcutOf(press(' ', on('INPUT', 'range')))).toEqual({ kind: 'listen' });
  });

  it('leaves combinations and held keys alone', () => {
    expect(shortcutOf(press('n', null, { ctrlKey: true }))).toBeNull();
    expect(shortcutOf(press('1', null, { altKey: true }))).toBeNull();
    expect(shortcutOf(press(' ', null, { repeat: true }))).toBeNull();
  });
});
