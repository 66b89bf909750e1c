import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ScriptedRecorder, scriptedListening } from '../../../test/helpers/scripted-input.js';
import { temporaryFolder } from '../../../test/helpers/project.js';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { NOISE_RMS, noiseRecording } from '../audio/noise.js';
import { RoomRecording } from './room-recording.js';

const opened = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const hum = (seconds: number): Float32Array =>
  Float32Array.from({ length: seconds * SAMPLE_RATE_HZ }, (_, i) => 0.01 * Math.sin(i / 20));

describe('a recording of the room', () => {
  const home = temporaryFolder('rooms');
  afterAll(() => home.remove());

  function set(): { recorder: ScriptedRecorder; room: RoomRecording; mode: () => string } {
    const { recorder, listening } = scriptedListening();
    return { recorder, room: new RoomRecording(listening, join(home.path, 'rooms')), mode: () => listening.mode };
  }

  it('opens the input, takes 20 s at most, closes it again, and serves as noise at the common level', async () => {
    const { recorder, room, mode } = set();
    const recording = room.record();
    await opened();
    expect(mode()).toBe('monitor');
    recorder.give(hum(21));
    const noise = await noiseRecording(await recording);
    expect(noise).toHaveLength(20 * SAMPLE_RATE_HZ);
    expect(Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length)).toBeCloseTo(NOISE_RMS, 4);
    expect(mode()).toBe('idle');
  });

  it('ends when it is told to, and keeps only the newest room', async () => {
    const { recorder, room } = set();
    const first = room.record();
    await opened();
    recorder.give(hum(2));
    room.stop();
    const path = await first;
    const second = room.record();
    await opened();
    recorder.give(hum(3));
    recorder.events!.end();
    const newest = await second;
    expect(newest).not.toBe(path);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(home.path, 'rooms'))).toHaveLength(1);
  });

  it('[negative] refuses what is too short or silent, and leaves the earlier room alone', async () => {
    const before = readdirSync(join(home.path, 'rooms'));
    const { recorder, room } = set();
    const short = expect(room.record()).rejects.toMatchObject({ code: 'audio-noise-room-short' });
    await opened();
    recorder.give(hum(0.5));
    room.stop();
    await short;
    const silent = expect(room.record()).rejects.toMatchObject({ code: 'audio-noise-silent' });
    await opened();
    recorder.give(new Float32Array(2 * SAMPLE_RATE_HZ));
    room.stop();
    await silent;
    expect(readdirSync(join(home.path, 'rooms'))).toEqual(before);
  });
});
