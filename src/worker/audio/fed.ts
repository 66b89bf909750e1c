import { BlockCutter } from './blocks.js';
import type { Recorder, RecorderEvents } from './recorder.js';

/** Sound that someone else records: the window (getUserMedia) sends it in portions. */
export class FedRecorder implements Recorder {
  readonly kind = 'window';
  private cutter: BlockCutter | undefined;

  constructor(readonly label = 'Microphone of the window') {}

  start(events: RecorderEvents): Promise<void> {
    this.cutter = new BlockCutter((block) => void events.block(block));
    return Promise.resolve();
  }

  /**
   * @param bytes 16-bit little-endian mono 16 kHz
   * @param lost samples that the source lost before these
   */
  feed(bytes: Uint8Array, lost: number): void {
    this.cutter?.lose(lost);
    this.cutter?.pushBytes(bytes);
  }

  stop(): Promise<void> {
    this.cutter = undefined;
    return Promise.resolve();
  }
}
