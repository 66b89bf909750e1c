import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { BACKGROUND_FOLDER, BACKGROUND_SECONDS_WANTED } from '../takes/store.js';
import { TakeCutter } from '../takes/take-cutter.js';
import type { Listening } from './listening.js';

/** How long a word is waited for. */
const WORD_WAIT_SECONDS = 6;

/** Records one take from the input that the engine listens to, or opens for it. */
export class TakeRecording {
  private cancelNow: (() => void) | undefined;

  constructor(private readonly listening: Listening) {}

  /** @throws WinnowError `takes-no-speech`, `takes-canceled`, and whatever opening the input throws */
  async record(word: string): Promise<Float32Array> {
    this.cancelNow?.();
    const opened = this.listening.mode === 'idle';
    if (opened) await this.listening.monitor(true);
    try {
      return await this.hear(word);
    } finally {
      if (opened) await this.listening.monitor(false);
    }
  }

  cancel(): void {
    this.cancelNow?.();
  }

  private hear(word: string): Promise<Float32Array> {
    const background = word === BACKGROUND_FOLDER;
    const wanted = (background ? BACKGROUND_SECONDS_WANTED : WORD_WAIT_SECONDS) * SAMPLE_RATE_HZ;
    const cutter = new TakeCutter();
    const room: Float32Array[] = [];
    let heard = 0;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        untap();
        this.cancelNow = undefined;
        settle();
      };
      const untap = this.listening.tap(
        (samples) => {
          heard += samples.length;
          if (background) {
            room.push(samples.slice());
            if (heard >= wanted) finish(() => resolve(joined(room)));
            return;
          }
          const [recording] = cutter.offer(samples);
          if (recording) finish(() => resolve(recording));
          else if (heard >= wanted) {
            finish(() => reject(new WinnowError('takes-no-speech', { word, seconds: WORD_WAIT_SECONDS })));
          }
        },
        () => finish(() => reject(new WinnowError('takes-no-speech', { word, seconds: Math.round(heard / SAMPLE_RATE_HZ) }))),
      );
      this.cancelNow = () => finish(() => reject(new WinnowError('takes-canceled')));
    });
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
