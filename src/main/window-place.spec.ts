import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SMALLEST_HEIGHT, SMALLEST_WIDTH, readWindowPlace, writeWindowPlace } from './window-place.js';

const DISPLAY = { x: 0, y: 0, width: 1920, height: 1080 };
const PLACE = { x: 100, y: 50, width: 1200, height: 800, maximised: false };

describe('the remembered window', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'winnow-window-'));
    file = join(folder, 'window.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('comes back where it was, and leaves no other file', () => {
    writeWindowPlace(file, PLACE);
    expect(readWindowPlace(file, [DISPLAY])).toEqual(PLACE);
    expect(readdirSync(folder)).toEqual(['window.json']);
  });

  it('is at least as large as the page needs', () => {
    writeWindowPlace(file, { ...PLACE, width: 10, height: 10 });
    expect(readWindowPlace(file, [DISPLAY])).toMatchObject({ width: SMALLEST_WIDTH, height: SMALLEST_HEIGHT });
  });

  it('[negative] is forgotten where its display is gone or its title bar is out of reach', () => {
    for (const lost of [{ x: 1900 }, { x: -1190 }, { y: 1070 }, { y: -20 }, { x: 5000, y: 5000 }]) {
      writeWindowPlace(file, { ...PLACE, ...lost });
      expect(readWindowPlace(file, [DISPLAY])).toBeUndefined();
    }
  });

  it('[negative] is forgotten where the file is missing or damaged, whatever its bytes', () => {
    expect(readWindowPlace(file, [DISPLAY])).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        writeFileSync(file, text);
        expect(readWindowPlace(file, [DISPLAY])).toBeUndefined();
      }),
    );
  });

  it('[negative] leaves nothing behind where it cannot be written', () => {
    expect(() => writeWindowPlace(join(folder, 'missing', 'window.json'), PLACE)).toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });
});
