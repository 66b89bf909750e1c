import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { clipIndex, readClip } from './clips.js';
import { PacedPlayer, type Pace } from './paced.js';
import type { Recorder, RecorderEvents } from './recorder.js';
import { strungTogether } from './strung.js';

/** Quiet before, between and after clips, so that each word is heard apart. */
const PAUSE_SAMPLES = SAMPLE_RATE_HZ;
/** The clips that ship: a word, a sequence, or without a name all words in turn; then it ends. */
export class DemoRecorder implements Recorder {
  readonly kind = 'demo';
  readonly label: string;
  private player: PacedPlayer | undefined;
  private stopped = false;

  constructor(
    private readonly clip: string | undefined,
    private readonly pace: Pace = 'real',
  ) {
    this.label = clip ?? 'Demo clips';
  }

  async start(events: RecorderEvents): Promise<void> {
    const sound = await this.sound();
    if (this.stopped) return;
    this.player = new PacedPlayer(sound, this.pace);
    this.player.start(events);
  }

  private async sound(): Promise<Float32Array> {
    const { clips, sequences } = await clipIndex();
    if (this.clip === undefined)
      return strungTogether(await Promise.all(clips.map(({ name }) => readClip(name))), PAUSE_SAMPLES).sound;
    const sound = await readClip(this.clip);
    return sequences.some(({ name }) => name === this.clip) ? sound : strungTogether([sound], PAUSE_SAMPLES).sound;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.player?.stop();
  }
}
