import { BANDS } from './mel.js';
import { RANGE_DB } from './spectrogram-history.js';
import { colourIndex, VIRIDIS } from './viridis.js';

/** The colour table as pixels of an ImageData, one 32-bit word each. */
const PIXELS = new Uint32Array(VIRIDIS.buffer);

/**
 * Paints spectrogram columns into an image of `count` x 32 pixels, low bands at the bottom. A column that is not there stays
 * transparent.
 *
 * @param column the values of column i of the picture in dB, lowest band first, or null
 * @param topDb dB of the brightest colour; the darkest is 80 dB below
 */
export function paintColumns(image: ImageData, column: (i: number) => Float32Array | null, topDb: number): void {
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < image.width; i++) {
    const values = column(i);
    for (let band = 0; band < BANDS; band++) {
      const at = (BANDS - 1 - band) * image.width + i;
      pixels[at] = values === null ? 0 : (PIXELS[colourIndex(values[band] ?? -Infinity, topDb - RANGE_DB, topDb)] ?? 0);
    }
  }
}
