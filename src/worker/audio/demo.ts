import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { clipIndex, readClip } from './clips.js';
import { PacedPlayer, type Pace } from './paced.js';
import { Random } from '../training/random.js';
import { gaussianNoise } from './noise-colours.js';
import type { Recorder, RecorderEvents } from './recorder.js';

/** Quiet before, between and after clips, so that each word is heard apart. */
const PAUSE_SAMPLES = SAMPLE_RATE_HZ;
/** A quiet room: -66 dB. Digital silence would be something that no microphone gives. */
const ROOM_RMS = 0.0005;
const ROOM_SEED = 1;

/** Clips in a row with pauses of room noise around each. */
export function withPauses(clips: readonly Float32Array[]): Float32Array {
  const length = clips.reduce((sum, clip) => sum + clip.length + PAUSE_SAMPLES, PAUSE_SAMPLES);
  const sound = gaussianNoise(new Random(ROOM_SEED), length).map((sample) => ROOM_RMS * sample);
  let at = PAUSE_SAMPLES;
  for (const clip of clips) {
    for (let i = 0; i < clip.length; i++) sound[at + i] = Math.max(-1, Math.min(1, sound[at + i]! + clip[i]!));
    at += clip.length + PAUSE_SAMPLES;
  }
  return sound;
}

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
    if (this.clip === undefined) return withPauses(await Promise.all(clips.map(({ name }) => readClip(name))));
    const sound = await readClip(this.clip);
    return sequences.some(({ name }) => name === this.clip) ? sound : withPauses([sound]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.player?.stop();
  }
}
