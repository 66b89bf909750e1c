import { decodeBase64 } from './base64.js';

let context: AudioContext | null = null;
let playing: AudioBufferSourceNode | null = null;

/** Plays a WAV file given as base64; what is playing stops. Resolves when it has ended. */
export async function playWav(base64: string): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  const buffer = await context.decodeAudioData(decodeBase64(base64).buffer);
  playing?.stop();
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  playing = source;
  await new Promise<void>((resolve) => {
    source.onended = () => resolve();
    source.start();
  });
  if (playing === source) playing = null;
}

/** Hands a WAV file to the user to keep. */
export function saveWav(base64: string, name: string): void {
  const url = URL.createObjectURL(new Blob([decodeBase64(base64)], { type: 'audio/wav' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the content by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
