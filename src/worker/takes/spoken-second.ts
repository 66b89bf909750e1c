import { CLIP_SAMPLES, SAMPLE_RATE_HZ } from '../../shared/features.js';

/** What is wrong with a take, in the order in which a person should hear of it. */
export type TakeProblem = 'silent' | 'no-speech' | 'too-quiet' | 'clipped' | 'too-long';

export interface SpokenSecond {
  /** One second, 16 kHz mono, the word in its middle; zeros where the recording does not reach. */
  readonly samples: Float32Array;
  /** First sample of that second in the recording; negative where the recording starts later. */
  readonly start: number;
  /** Root mean square of the word, dB relative to full scale; null in digital silence. */
  readonly levelDb: number | null;
  /** How far the word stands out of what is around it. */
  readonly contrastDb: number;
  readonly problems: readonly TakeProblem[];
}

const FRAME_SAMPLES = SAMPLE_RATE_HZ / 100;
/** The quietest tenth of the frames is taken for the room. */
const ROOM_QUANTILE = 0.1;
/** A frame is speech when it stands this far above the room and not further than this below the loudest frame. */
const SPEECH_ABOVE_ROOM_DB = 9;
const SPEECH_BELOW_PEAK_DB = 30;
/** Pauses within a word ("backward", "stop") are bridged up to this. */
const PAUSE_FRAMES = 25;
/** Clicks are shorter than this, words longer. */
const WORD_FRAMES_MIN = 8;
const WORD_FRAMES_MAX = 98;
const QUIET_DB = -42;
const FLOOR_DB = -120;
const CLIPPED_LEVEL = 0.999;
/** A few samples at full scale are a loud take; more are a clipped one. */
const CLIPPED_SAMPLES = 8;

/**
 * Finds the word in a recording and cuts the second around its middle: the loudest run of frames that stand out of the room,
 * short pauses bridged. The first and the last frame of a run need not be loud, only above the room, so soft onsets stay.
 */
export function spokenSecond(recording: Float32Array): SpokenSecond {
  const levels = frameLevels(recording);
  const peakDb = levels.reduce((a, b) => Math.max(a, b), FLOOR_DB);
  if (peakDb <= FLOOR_DB) return { ...cut(recording, 0), levelDb: null, contrastDb: 0, problems: ['silent'] };

  const roomDb = [...levels].sort((a, b) => a - b)[Math.floor(ROOM_QUANTILE * (levels.length - 1))]!;
  const thresholdDb = Math.max(roomDb + SPEECH_ABOVE_ROOM_DB, peakDb - SPEECH_BELOW_PEAK_DB);
  const run = loudestRun(levels, thresholdDb);
  if (!run || run.last - run.first + 1 < WORD_FRAMES_MIN) {
    const peakFrame = levels.indexOf(peakDb);
    const second = cut(recording, peakFrame * FRAME_SAMPLES - CLIP_SAMPLES / 2);
    return { ...second, levelDb: peakDb, contrastDb: peakDb - roomDb, problems: ['no-speech'] };
  }

  const middle = ((run.first + run.last + 1) / 2) * FRAME_SAMPLES;
  const second = cut(recording, Math.round(middle - CLIP_SAMPLES / 2));
  const word = levels.slice(run.first, run.last + 1);
  const levelDb = 10 * Math.log10(word.reduce((sum, level) => sum + 10 ** (level / 10), 0) / word.length);
  const clipped = second.samples.reduce((count, sample) => count + (Math.abs(sample) >= CLIPPED_LEVEL ? 1 : 0), 0);
  const problems: TakeProblem[] = [];
  if (levelDb < QUIET_DB) problems.push('too-quiet');
  if (clipped > CLIPPED_SAMPLES) problems.push('clipped');
  if (word.length > WORD_FRAMES_MAX) problems.push('too-long');
  return { ...second, levelDb, contrastDb: levelDb - roomDb, problems };
}

/** Mean power of each 10 ms in dB relative to full scale, at least FLOOR_DB. */
function frameLevels(recording: Float32Array): number[] {
  const frames = Math.max(1, Math.floor(recording.length / FRAME_SAMPLES));
  return Array.from({ length: frames }, (_, frame) => {
    let energy = 0;
    for (const sample of recording.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)) energy += sample * sample;
    return energy > 0 ? Math.max(FLOOR_DB, 10 * Math.log10(energy / FRAME_SAMPLES)) : FLOOR_DB;
  });
}

/** The run of speech with the most energy. */
function loudestRun(levels: readonly number[], thresholdDb: number): { first: number; last: number } | null {
  let best: { first: number; last: number; energy: number } | null = null;
  let run: { first: number; last: number; energy: number } | null = null;
  levels.forEach((level, frame) => {
    if (level < thresholdDb) return;
    if (!run || frame - run.last > PAUSE_FRAMES) run = { first: frame, last: frame, energy: 0 };
    run.last = frame;
    run.energy += 10 ** (level / 10);
    if (!best || run.energy >= best.energy) best = run;
  });
  return best;
}

function cut(recording: Float32Array, start: number): { samples: Float32Array; start: number } {
  const samples = new Float32Array(CLIP_SAMPLES);
  const from = Math.max(0, start);
  const to = Math.min(recording.length, start + CLIP_SAMPLES);
  if (to > from) samples.set(recording.subarray(from, to), from - start);
  return { samples, start };
}
