import { basename } from 'node:path';
import { decodeSoundFile } from './decode.js';
import { PacedPlayer, type Pace } from './paced.js';
import type { Recorder, RecorderEvents } from './recorder.js';

/** A WAV or FLAC file, at real speed or as fast as the listener takes it. */
export class FileRecorder implements Recorder {
  readonly kind = 'file';
  readonly label: string;
  private player: PacedPlayer | undefined;
  private stopped = false;

  constructor(
    private readonly path: string,
    private readonly pace: Pace = 'real',
  ) {
    this.label = basename(path);
  }

  /** @throws WinnowError with a code `audio-...` */
  async start(events: RecorderEvents): Promise<void> {
    const sound = await decodeSoundFile(this.path);
    if (this.stopped) return;
    this.player = new PacedPlayer(sound, this.pace);
    this.player.start(events);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.player?.stop();
  }
}
