import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../shared/contract.js';
import type { Recorder, RecorderEvents } from '../audio/recorder.js';
import { BLOCK_SAMPLES } from '../audio/recorder.js';
import { BACKGROUND_FOLDER } from '../takes/store.js';
import { Listening } from './listening.js';
import { OpenModels } from './open-models.js';
import { TakeRecording } from './take-recording.js';

const RATE = 16_000;

/** A source whose sound the test gives. */
class Scripted implements Recorder {
  readonly kind = 'microphone';
  readonly label = 'scripted';
  events: RecorderEvents | undefined;
  private position = 0;

  async start(events: RecorderEvents): Promise<void> {
    this.events = events;
  }
  async stop(): Promise<void> {
    this.events = undefined;
  }
  give(sound: Float32Array): void {
    for (let at = 0; at < sound.length && this.events; at += BLOCK_SAMPLES) {
      const samples = sound.subarray(at, at + BLOCK_SAMPLES);
      void this.events.block({ start: this.position, samples, lostBefore: 0 });
      this.position += samples.length;
    }
  }
}

function set(): { recorder: Scripted; listening: Listening; recording: TakeRecording } {
  const recorder = new Scripted();
  const never = async (): Promise<never> => Promise.reject(new Error('no model is needed'));
  const models = new OpenModels({ load: never, openBackend: never }, () => undefined);
  const sound = { openInput: () => recorder, openBlend: async () => undefined };
  const quiet = {
    event: () => undefined,

    problem: () => undefined,
    spotted: () => undefined,
    changed: () => undefined,
  };
  const listening = new Listening(sound, models, DEFAULT_SETTINGS, quiet);
  return { recorder, listening, recording: new TakeRecording(listening) };
}

/** Seconds of a quiet room, with a tone of 0.4 s in it. */
function room(seconds: number, toneAt?: number): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const t = i / RATE;
    const tone = toneAt !== undefined && t >= toneAt && t < toneAt + 0.4 ? 0.3 * Math.sin(2 * Math.PI * 300 * t) : 0;
    return tone + 0.001 * Math.sin(i * i);
  });
}

const opened = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('TakeRecording', () => {
  it('opens the input, takes the next word and closes the input again', async () => {
    const { recorder, listening, recording } = set();
    const take = recording.record('lamp');
    await opened();
    expect(listening.mode).toBe('monitor');
    recorder.give(room(4, 1));
    const sound = await take;
    expect(sound.some((value) => Math.abs(value) > 0.2)).toBe(true);
    expect(listening.mode).toBe('idle');
  });

  it('takes 20 s of the room', async () => {
    const { recorder, recording } = set();
    const take = recording.record(BACKGROUND_FOLDER);
    await opened();
    recorder.give(room(21));
    expect(Math.ceil((await take).length / RATE)).toBe(20);
  });

  it('[negative] gives up without a word, at the end of the sound, and when it is told to', async () => {
    const { recorder, listening, recording } = set();
    const first = expect(recording.record('lamp')).rejects.toMatchObject({ code: 'takes-no-speech' });
    await opened();
    recorder.give(room(7));
    await first;
    const second = expect(recording.record('lamp')).rejects.toMatchObject({ code: 'takes-no-speech' });
    await opened();
    recorder.events!.end();
    await second;
    const third = expect(recording.record('lamp')).rejects.toMatchObject({ code: 'takes-canceled' });
    await opened();
    recording.cancel();
    await third;
    expect(listening.mode).toBe('idle');
  });
});
