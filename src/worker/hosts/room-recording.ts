import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { isSilentNoise } from '../audio/noise.js';
import { keepRoom, roomsFolder } from '../audio/recorded-room.js';
import type { Listening } from './listening.js';

const SECONDS_MAX = 20;
const SECONDS_MIN = 1;

/** Records the room through the input that the engine listens to, or opens for it; the last room is kept. */
export class RoomRecording {
  private endNow: (() => void) | undefined;

  constructor(
    private readonly listening: Listening,
    private readonly folder: string = roomsFolder(),
  ) {}

  /**
   * Until `stop`, the input's end, or 20 s.
   * @returns the path of the new recording
   * @throws WinnowError `audio-noise-room-short`, `audio-noise-silent`, and whatever opening the input or writing throws
   */
  async record(): Promise<string> {
    this.stop();
    const opened = this.listening.mode === 'idle';
    if (opened) await this.listening.monitor(true);
    let sound: Float32Array;
    try {
      sound = await this.hear();
    } finally {
      if (opened) await this.listening.monitor(false);
    }
    if (sound.length < SECONDS_MIN * SAMPLE_RATE_HZ) {
      throw new WinnowError('audio-noise-room-short', { seconds: (sound.length / SAMPLE_RATE_HZ).toFixed(1) });
    }
    if (isSilentNoise(sound)) throw new WinnowError('audio-noise-silent', { file: 'The recording of the room' });
    return keepRoom(sound, this.folder);
  }

  /** Ends a recording with what it has. */
  stop(): void {
    this.endNow?.();
  }

  private hear(): Promise<Float32Array> {
    const sound = new Float32Array(SECONDS_MAX * SAMPLE_RATE_HZ);
    let length = 0;
    return new Promise((resolve) => {
      const end = (): void => {
        untap();
        this.endNow = undefined;
        resolve(sound.slice(0, length));
      };
      const untap = this.listening.tap((samples) => {
        const some = samples.subarray(0, sound.length - length);
        sound.set(some, length);
        length += some.length;
        if (length === sound.length) end();
      }, end);
      this.endNow = end;
    });
  }
}
