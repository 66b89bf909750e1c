/**
 * Runs on the browser's audio thread: turns what the microphone gives into blocks of 16-bit samples and counts what was lost.
 * The context runs at 16 kHz, so the browser has already resampled.
 */
declare const currentFrame: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** 64 ms: few messages, little delay. */
const BLOCK_SAMPLES = 1024;

class Capture extends AudioWorkletProcessor {
  #block = new Int16Array(BLOCK_SAMPLES);
  #filled = 0;
  #peak = 0;
  #squares = 0;
  #lost = 0;
  #expectedFrame = -1;

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0] ?? [];
    const length = channels[0]?.length ?? 0;
    // A gap in the frame count is sound that this thread never saw.
    if (this.#expectedFrame >= 0 && currentFrame > this.#expectedFrame) this.#lost += currentFrame - this.#expectedFrame;
    this.#expectedFrame = currentFrame + (length || 128);
    for (let i = 0; i < length; i++) {
      let sample = 0;
      for (const channel of channels) sample += channel[i] ?? 0;
      sample /= channels.length;
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#squares += sample * sample;
      this.#block[this.#filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      if (this.#filled === BLOCK_SAMPLES) this.#post();
    }
    return true;
  }

  #post(): void {
    const rms = Math.sqrt(this.#squares / BLOCK_SAMPLES);
    this.port.postMessage({ samples: this.#block, peak: this.#peak, rms, lost: this.#lost });
    this.#filled = 0;
    this.#peak = 0;
    this.#squares = 0;
    this.#lost = 0;
  }
}

registerProcessor('winnow-capture', Capture);
