// Makes resources/clips: eight words by several synthetic voices, and a sequence of them with a label file.
// Needed only to make them again; wants espeak-ng and sox.
//   node scripts/make-clips.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RATE_HZ = 16000;
const CLIP_SAMPLES = RATE_HZ;
const WORDS = ['yes', 'no', 'up', 'down', 'left', 'right', 'stop', 'go'];
/** The synthesiser hurries over some words: those are spoken at another speed or pitch, or from phonemes. */
const VOICES = [
  { name: 'anna', voice: 'en-us+Annie', pitch: 40, wordsPerMinute: 160 },
  { name: 'ben', voice: 'en-us+m3', pitch: 55, wordsPerMinute: 160 },
  { name: 'clara', voice: 'en-us+f3', pitch: 55, wordsPerMinute: 155 },
  { name: 'david', voice: 'en-us+m7', pitch: 55, wordsPerMinute: 160 },
];
const INSTEAD = {
  'down-anna': { wordsPerMinute: 120, spelling: "[[d'aUn:]]" },
  'no-anna': { pitch: 55 },
  'down-ben': { wordsPerMinute: 135 },
  'down-clara': { wordsPerMinute: 150, spelling: "[[d'aUn:]]" },
  'down-david': { wordsPerMinute: 135, pitch: 40 },
};
/** Loudest sample of a word, and the room that it is spoken in: -6 and about -66 dB. */
const PEAK = 0.5;
const ROOM_RMS = 0.0005;
const LONGEST_WORD_SAMPLES = 0.9 * RATE_HZ;
/** Quiet in the sequence before each word, in order, repeated. */
const PAUSES_SECONDS = [0.9, 1.1, 0.8, 1.3, 1.0];
const SEQUENCE = [
  ['yes', 'anna'],
  ['left', 'ben'],
  ['stop', 'clara'],
  ['go', 'david'],
  ['up', 'anna'],
  ['no', 'clara'],
  ['right', 'ben'],
  ['down', 'david'],
  ['stop', 'anna'],
  ['yes', 'ben'],
  ['go', 'clara'],
  ['left', 'anna'],
];

const folder = fileURLToPath(new URL('../resources/clips/', import.meta.url));

function run(program, args, input) {
  const done = spawnSync(program, args, { input, maxBuffer: 2 ** 26 });
  if (done.status !== 0) throw new Error(`${program}: ${done.error?.message ?? done.stderr.toString()}`);
  return done.stdout;
}

/** A word without the quiet around it, loudest sample 1. */
function speak(word, { voice, pitch, wordsPerMinute, spelling = word }) {
  const wav = run('espeak-ng', ['-v', voice, '-p', `${pitch}`, '-s', `${wordsPerMinute}`, '--stdout', spelling]);
  const trim = ['silence', '1', '0.01', '0.6%', 'reverse'];
  const raw = run(
    'sox',
    ['-t', 'wav', '-', '-D', '-t', 'raw', '-e', 'signed', '-b', '16', '-', 'rate', '-h', `${RATE_HZ}`, ...trim, ...trim],
    wav,
  );
  const samples = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  if (samples.length > LONGEST_WORD_SAMPLES) throw new Error(`"${word}" takes ${samples.length / RATE_HZ} s`);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
  return Float64Array.from(samples, (sample) => sample / peak);
}

let state = 1;
function uniform() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
/** About normal: twelve uniform numbers have variance 1. */
function room(length) {
  return Float64Array.from({ length }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return ROOM_RMS * sum;
  });
}

function place(word, sound, at) {
  for (let i = 0; i < word.length; i++) sound[at + i] += PEAK * word[i];
}

function writeWav(name, sound) {
  const bytes = Buffer.alloc(44 + 2 * sound.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(2 * RATE_HZ, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * sound.length, 40);
  sound.forEach((sample, i) => bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), 44 + 2 * i));
  writeFileSync(`${folder}${name}.wav`, bytes);
}

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) rmSync(folder + name);

const clips = [];
const spoken = new Map();
for (const voice of VOICES) {
  for (const label of WORDS) {
    const name = `${label}-${voice.name}`;
    const word = speak(label, { ...voice, ...INSTEAD[name] });
    const sound = room(CLIP_SAMPLES);
    place(word, sound, Math.round((CLIP_SAMPLES - word.length) / 2));
    writeWav(name, sound);
    spoken.set(name, word);
    clips.push({ name, label, voice: `espeak-ng ${voice.voice}` });
  }
}

const words = [];
const starts = [];
let end = 0;
SEQUENCE.forEach(([label, voice], i) => {
  const word = spoken.get(`${label}-${voice}`);
  const start = end + Math.round(PAUSES_SECONDS[i % PAUSES_SECONDS.length] * RATE_HZ);
  end = start + word.length;
  const ms = (samples) => Math.round((samples * 1000) / RATE_HZ);
  words.push({ label, voice, startMs: ms(start), endMs: ms(end), timeMs: ms((start + end) / 2) });
  starts.push(start);
});
const sequence = room(end + RATE_HZ);
words.forEach(({ label, voice }, i) => place(spoken.get(`${label}-${voice}`), sequence, starts[i]));
writeWav('demo', sequence);
const seconds = sequence.length / RATE_HZ;
writeFileSync(
  `${folder}demo.json`,
  `${JSON.stringify({ seconds, words }, null, 2)}
`,
);
writeFileSync(`${folder}clips.json`, `${JSON.stringify({ clips, sequences: [{ name: 'demo', seconds }] }, null, 2)}\n`);
