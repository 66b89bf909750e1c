import { expect, it } from 'vitest';
import { encodeBase64 } from './base64.js';
import { wavSamples } from './wav.js';

it('reads samples after the header and nothing from a file without any', () => {
  const bytes = new Uint8Array(44 + 6);
  new Int16Array(bytes.buffer, 44, 3).set([0, 16384, -32768]);
  expect(Array.from(wavSamples(encodeBase64(bytes)))).toEqual([0, 0.5, -1]);
  expect(wavSamples(encodeBase64(bytes.subarray(0, 44)))).toHaveLength(0);
  expect(wavSamples('')).toHaveLength(0);
});
