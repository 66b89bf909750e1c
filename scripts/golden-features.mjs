// Makes test/fixtures/golden-features.json: windows of synthesised sounds by a plain discrete Fourier transform in double
// precision and the banks as their papers define them. It shares no code with the front ends that it pins.
//   node scripts/golden-features.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const RATE = 16000;
const LENGTH = 2048;
const HOP = 512;
const FRAMES = 32;
const BANDS = 32;
const BINS = LENGTH / 2 + 1;
const CLIP = 16000;
const FLOOR_DB = 80;

const source = readFileSync(new URL('../src/worker/features/synthesised-sounds.ts', import.meta.url), 'utf8');
const { outputText } = ts.transpileModule(source.replace(/^import .*$/m, `const SAMPLE_RATE_HZ = ${RATE};`), {
  compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
});
const { synthesise } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);

/** Edges on the HTK scale floored to bins; heights counted in bins, no area normalisation. */
function htkBank() {
  const mel = (hz) => 1125 * Math.log(1 + hz / 700);
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => {
    const hz = 700 * (Math.exp((mel(RATE / 2) * i) / (BANDS + 1) / 1125) - 1);
    // Meyda keeps its edges in single precision.
    return Math.floor(((LENGTH + 1) * Math.fround(hz)) / RATE);
  });
  return Array.from({ length: BANDS }, (_, b) =>
    Array.from({ length: BINS }, (_, k) => {
      if (k >= edges[b] && k < edges[b + 1]) return (k - edges[b]) / (edges[b + 1] - edges[b]);
      if (k >= edges[b + 1] && k < edges[b + 2]) return (edges[b + 2] - k) / (edges[b + 2] - edges[b + 1]);
      return 0;
    }),
  );
}

/** Slaney's Auditory Toolbox: 3 mel per 200 Hz up to 1 kHz, then 27 mel per factor of 6.4; triangles of area 1 over Hz. */
function slaneyBank() {
  const toMel = (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
  const toHz = (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27));
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => toHz((toMel(RATE / 2) * i) / (BANDS + 1)));
  return Array.from({ length: BANDS }, (_, b) =>
    Array.from({ length: BINS }, (_, k) => {
      const hz = (k * RATE) / LENGTH;
      const rise = (hz - edges[b]) / (edges[b + 1] - edges[b]);
      const fall = (edges[b + 2] - hz) / (edges[b + 2] - edges[b + 1]);
      return (Math.max(0, Math.min(rise, fall)) * 2) / (edges[b + 2] - edges[b]);
    }),
  );
}

const cosine = Float64Array.from({ length: LENGTH }, (_, i) => Math.cos((2 * Math.PI * i) / LENGTH));
const sine = Float64Array.from({ length: LENGTH }, (_, i) => Math.sin((2 * Math.PI * i) / LENGTH));

function power(frame) {
  return Float64Array.from({ length: BINS }, (_, k) => {
    let re = 0;
    let im = 0;
    for (let n = 0; n < LENGTH; n++) {
      const at = (k * n) % LENGTH;
      re += frame[n] * cosine[at];
      im -= frame[n] * sine[at];
    }
    return re * re + im * im;
  });
}

function window(sound, melBank, framing) {
  const clip = synthesise(sound, CLIP);
  const margin = framing === 'stream' ? 960 : LENGTH / 2;
  const at = (i) => {
    if (framing === 'stream') return clip[i] ?? 0;
    return i < 0 ? clip[-i] : i >= CLIP ? clip[2 * (CLIP - 1) - i] : clip[i];
  };
  const bank = melBank === 'meyda' ? htkBank() : slaneyBank();
  const period = melBank === 'meyda' ? LENGTH - 1 : LENGTH;
  const mel = Array.from({ length: BANDS }, () => new Float64Array(FRAMES));
  for (let f = 0; f < FRAMES; f++) {
    const frame = Float64Array.from(
      { length: LENGTH },
      (_, n) => at(f * HOP + n - margin) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / period)),
    );
    const spectrum = power(frame);
    for (let b = 0; b < BANDS; b++) mel[b][f] = spectrum.reduce((sum, p, k) => sum + p * bank[b][k], 0);
  }
  const largest = Math.max(...mel.map((row) => Math.max(...row)));
  return mel.flatMap((row) =>
    Array.from(row, (p) => Math.round(Math.max(10 * Math.log10(Math.max(p, 1e-10) / largest), -FLOOR_DB) * 1000) / 1000),
  );
}

const golden = [
  ['voice', 'meyda', 'stream'],
  ['chirp', 'meyda', 'stream'],
  ['noise', 'meyda', 'centred'],
  ['voice', 'slaney', 'centred'],
  ['chirp', 'slaney', 'centred'],
  ['noise', 'slaney', 'stream'],
].map(([sound, melBank, framing]) => ({ sound, melBank, framing, decibels: window(sound, melBank, framing) }));

const file = new URL('../test/fixtures/golden-features.json', import.meta.url);
writeFileSync(file, `[\n${golden.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`);
