import { DEFAULT_SETTINGS } from '../../src/shared/contract.js';
import { BLOCK_SAMPLES, type Recorder, type RecorderEvents } from '../../src/worker/audio/recorder.js';
import { Listening } from '../../src/worker/hosts/listening.js';
import { OpenModels } from '../../src/worker/hosts/open-models.js';

/** A source whose sound the test gives. */
export class ScriptedRecorder implements Recorder {
  readonly kind = 'microphone';
  readonly label = 'scripted';
  events: RecorderEvents | undefined;
  private position = 0;

  async start(events: RecorderEvents): Promise<void> {
    this.events = events;
  }
  async stop(): Promise<void> {
    this.events = undefined;
  }
  give(sound: Float32Array): void {
    for (let at = 0; at < sound.length && this.events; at += BLOCK_SAMPLES) {
      const samples = sound.subarray(at, at + BLOCK_SAMPLES);
      void this.events.block({ start: this.position, samples, lostBefore: 0 });
      this.position += samples.length;
    }
  }
}

/** What the engine does with an input, on a scripted one; no model is opened. */
export function scriptedListening(): { recorder: ScriptedRecorder; listening: Listening } {
  const recorder = new ScriptedRecorder();
  const never = async (): Promise<never> => Promise.reject(new Error('no model is needed'));
  const models = new OpenModels({ load: never, openBackend: never }, () => undefined);
  const sound = { openInput: () => recorder, openBlend: async () => undefined };
  const quiet = {
    event: () => undefined,
    problem: () => undefined,
    spotted: () => undefined,
    changed: () => undefined,
  };
  return { recorder, listening: new Listening(sound, models, DEFAULT_SETTINGS, quiet) };
}
