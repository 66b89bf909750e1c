import { WinnowError } from '../../shared/errors.js';
import { SAMPLE_RATE_HZ } from '../../shared/sound.js';
import { encodeBase64 } from './base64.js';
import captureUrl from './capture.worklet.ts?worker&url';

interface CapturedBlock {
  readonly samples: Int16Array;
  readonly peak: number;
  readonly rms: number;
  readonly lost: number;
}

/** The microphone as the browser gives it (getUserMedia): the fallback that needs no recorder program. */
export class WindowMicrophone {
  #context: AudioContext | null = null;
  #stream: MediaStream | null = null;
  #feeding = false;

  /**
   * @param feed gets 16-bit little-endian samples at 16 kHz, base64, and the samples lost before them
   * @param level gets peak and rms of each block, linear, of full scale; null when the microphone closes
   * @param failed is told when the microphone goes away
   */
  constructor(
    private readonly feed: (base64: string, lost: number) => void,
    private readonly level: (level: { peak: number; rms: number } | null) => void,
    private readonly failed: (error: WinnowError) => void,
  ) {}

  get isOpen(): boolean {
    return this.#context !== null;
  }

  /** Opens the microphone, or changes whether its samples are fed. Rejects with `window-microphone-*`. */
  async open(feeding: boolean): Promise<void> {
    this.#feeding = feeding;
    if (this.#context !== null) return;
    if (navigator.mediaDevices === undefined) {
      throw new WinnowError('window-microphone-refused', { reason: 'the page is not served from this computer or by https' });
    }
    try {
      // As it is: the network was trained on sound that nobody had cleaned.
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
      this.#context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
      await this.#context.audioWorklet.addModule(captureUrl);
      const capture = new AudioWorkletNode(this.#context, 'winnow-capture', { numberOfOutputs: 0 });
      capture.port.onmessage = (event: MessageEvent<CapturedBlock>) => this.#captured(event.data);
      this.#context.createMediaStreamSource(this.#stream).connect(capture);
      await this.#context.resume();
      this.#stream.getAudioTracks()[0]?.addEventListener('ended', () => {
        this.close();
        this.failed(new WinnowError('window-microphone-ended', { reason: 'the browser ended the recording' }));
      });
    } catch (error) {
      this.close();
      throw asMicrophoneError(error);
    }
  }

  close(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    void this.#context?.close().catch(() => {});
    this.#stream = null;
    this.#context = null;
    this.#feeding = false;
    this.level(null);
  }

  #captured(block: CapturedBlock): void {
    this.level({ peak: block.peak, rms: block.rms });
    if (!this.#feeding) return;
    const { buffer, byteOffset, byteLength } = block.samples;
    this.feed(encodeBase64(new Uint8Array(buffer, byteOffset, byteLength)), block.lost);
  }
}

function asMicrophoneError(error: unknown): WinnowError {
  const name = error instanceof DOMException ? error.name : '';
  const reason = error instanceof Error ? error.message : String(error);
  const missing = name === 'NotFoundError' || name === 'OverconstrainedError';
  return new WinnowError(missing ? 'window-microphone-missing' : 'window-microphone-refused', { reason }, { cause: error });
}
