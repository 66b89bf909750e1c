import { WinnowError, type ErrorReport } from '../../shared/errors.js';

/** Where on the page an error belongs: beside what the user would change. */
export type Place = 'input' | 'model' | 'noise' | 'settings' | 'detections' | 'bench' | 'lab' | 'engine';

const PLACES: readonly [prefix: string, place: Place][] = [
  ['audio-noise', 'noise'],
  ['noise-', 'noise'],
  ['audio-', 'input'],
  ['recorder-', 'input'],
  ['clip-', 'input'],
  ['window-microphone', 'input'],
  ['model-', 'model'],
  ['network-', 'model'],
  ['backend-', 'model'],
  ['native-', 'model'],
  ['window-file', 'model'],
  ['settings-', 'settings'],
  ['action-', 'settings'],
  ['detection-', 'detections'],
  ['bench-', 'bench'],
  ['lab-', 'lab'],
  ['experiment-', 'lab'],
];

/** The place of an error that nobody asked for (an event); `engine` where the code says nothing else. */
export function placeOf(code: string): Place {
  return PLACES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'engine';
}

/** The newest error of each place, until it is dismissed or what failed works. */
export class Problems {
  #byPlace = $state.raw<Partial<Record<Place, ErrorReport>>>({});

  at(place: Place): ErrorReport | undefined {
    return this.#byPlace[place];
  }

  show(place: Place, thrown: unknown): void {
    this.report(place, WinnowError.from(thrown).report());
  }

  report(place: Place, error: ErrorReport): void {
    this.#byPlace = { ...this.#byPlace, [place]: error };
  }

  clear(place: Place): void {
    if (this.#byPlace[place] === undefined) return;
    const rest = { ...this.#byPlace };
    delete rest[place];
    this.#byPlace = rest;
  }
}
