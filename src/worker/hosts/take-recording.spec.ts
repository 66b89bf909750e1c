import { describe, expect, it } from 'vitest';
import { scriptedListening } from '../../../test/helpers/scripted-input.js';
import { BACKGROUND_FOLDER } from '../takes/store.js';
import { TakeRecording } from './take-recording.js';

const RATE = 16_000;

function set(): ReturnType<typeof scriptedListening> & { recording: TakeRecording } {
  const { recorder, listening } = scriptedListening();
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
