import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';

export const SMALLEST_WIDTH = 1024;
export const SMALLEST_HEIGHT = 700;
/** Pixels of the title bar's height and of its width that must lie on a display: the window can be reached and moved. */
const REACHABLE_PX = 64;

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const PIXEL_LIMIT = 100_000;
const WindowPlace = z.strictObject({
  x: z.int().min(-PIXEL_LIMIT).max(PIXEL_LIMIT),
  y: z.int().min(-PIXEL_LIMIT).max(PIXEL_LIMIT),
  width: z.int().positive().max(PIXEL_LIMIT),
  height: z.int().positive().max(PIXEL_LIMIT),
  maximised: z.boolean(),
});
/** Where the window was when it was closed, in device-independent pixels. */
export type WindowPlace = z.infer<typeof WindowPlace>;

/** The remembered place; undefined where there is none, where the file is damaged, or where no display shows it any more. */
export function readWindowPlace(file: string, displays: readonly Area[]): WindowPlace | undefined {
  try {
    const place = WindowPlace.parse(JSON.parse(readFileSync(file, 'utf8')));
    const wide = { ...place, width: Math.max(place.width, SMALLEST_WIDTH), height: Math.max(place.height, SMALLEST_HEIGHT) };
    return displays.some((display) => reachable(wide, display)) ? wide : undefined;
  } catch {
    return undefined;
  }
}

function reachable(place: Area, display: Area): boolean {
  const across = Math.min(place.x + place.width, display.x + display.width) - Math.max(place.x, display.x);
  const below = display.y + display.height - place.y;
  return across >= REACHABLE_PX && below >= REACHABLE_PX && place.y >= display.y;
}

/** Whole or not at all. @throws where the file cannot be written */
export function writeWindowPlace(file: string, place: WindowPlace): void {
  const temporary = `${file}.${process.pid}`;
  try {
    const descriptor = openSync(temporary, 'w', 0o600);
    try {
      writeSync(descriptor, JSON.stringify(place));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
