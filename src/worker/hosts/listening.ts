import type { EngineEvent, InputChoice, NoiseSettings, Settings } from '../../shared/contract.js';
import { FedRecorder } from '../audio/fed.js';
import type { Recorder } from '../audio/recorder.js';
import {
  isRecording,
  Recognizer,
  type Blend,
  type Listener,
  type RecognizerEvents,
  type Spotted,
} from '../recognizer/recognizer.js';
import type { OpenModels } from './open-models.js';

/** Where sound and noise come from. */
export interface SoundSource {
  openInput(choice: InputChoice): Recorder;
  /** Undefined for no noise. */
  openBlend(noise: NoiseSettings): Promise<Blend | undefined>;
}

export interface ListeningEvents {
  event(event: EngineEvent): void;
  problem(error: unknown): void;
  spotted(spotted: Spotted): void;
  /** Anything that a picture would show has changed. */
  changed(): void;
}

type Mode = 'idle' | 'monitor' | 'listen';

/**
 * What the engine does with its input: nothing, watching its level, or listening. One change at a time, in the order asked for;
 * changes of settings take effect at once, and only a changed input interrupts the sound.
 */
export class Listening {
  private recorder: Recorder | undefined;
  private current: Recognizer | undefined;
  private now: Mode = 'idle';
  private streams = 0;
  private turn: Promise<unknown> = Promise.resolve();
  /** Who else wants the sound as it comes, before any noise. */
  private readonly taps = new Set<{ sound: (samples: Float32Array) => void; ended: () => void }>();

  constructor(
    private readonly sound: SoundSource,
    private readonly models: OpenModels,
    private settings: Settings,
    private readonly events: ListeningEvents,
  ) {}

  get mode(): Mode {
    return this.now;
  }

  /** Of the sound that comes now, or came last. */
  get recognizer(): Recognizer | undefined {
    return this.current;
  }

  /** Counts the streams of sound that were opened: the number of the one that `recognizer` hears. */
  get stream(): number {
    return this.streams;
  }

  /** Sound that the page recorded, as `FedRecorder.feed` takes it; late portions for another input are passed over. */
  feed(bytes: Uint8Array, lost: number): void {
    if (this.recorder instanceof FedRecorder) this.recorder.feed(bytes, lost);
  }

  /** Where sound comes from now. */
  get input(): Recorder | undefined {
    return this.recorder;
  }

  /**
   * Hands over the sound of the input, while there is one.
   * @param ended the input has gone
   * @returns what ends it
   */
  tap(sound: (samples: Float32Array) => void, ended: () => void): () => void {
    const tap = { sound, ended };
    this.taps.add(tap);
    return () => this.taps.delete(tap);
  }

  listen(): Promise<void> {
    return this.inTurn(() => this.enter('listen'));
  }

  stop(): Promise<void> {
    return this.inTurn(async () => {
      if (this.now !== 'listen') return;
      await this.leave();
      this.events.event({ kind: 'ended', reason: 'stopped' });
    });
  }

  monitor(on: boolean): Promise<void> {
    return this.inTurn(async () => {
      if (this.now === 'listen') return;
      if (on) await this.enter('monitor');
      else await this.leave();
    });
  }

  /** Takes over changed settings. */
  configure(next: Settings): Promise<void> {
    const before = this.settings;
    this.settings = next;
    return this.inTurn(async () => {
      const { current } = this;
      if (this.now === 'listen' && current) {
        current.setDecision(next.decision);
        if (changed(before.noise, next.noise)) current.setBlend(await this.sound.openBlend(next.noise));
        if (changed([before.models, before.backend, before.winners], [next.models, next.backend, next.winners]))
          await this.rechoose(current, next);
      }
      if (changed(before.input, next.input)) {
        if (this.now === 'listen') await this.enter('listen');
        else await this.leave();
      }
      this.events.changed();
    });
  }

  /** Reads the models again, after one of them was replaced. */
  reload(): Promise<void> {
    return this.inTurn(async () => {
      const unused = this.models.forget();
      if (this.now === 'listen' && this.current) await this.rechoose(this.current, this.settings);
      await this.models.close(unused);
    });
  }

  /** Ends everything. */
  close(): Promise<void> {
    return this.inTurn(async () => {
      await this.leave();
      await this.models.close(this.models.forget());
    });
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async rechoose(current: Recognizer, { models, backend, winners }: Settings): Promise<void> {
    const { listeners, unused } = await this.models.choose(models, backend, winners);
    await current.setListeners(listeners);
    await this.models.close(unused);
  }

  private async enter(mode: 'monitor' | 'listen'): Promise<void> {
    await this.leave();
    const { input, noise, decision, models, backend, winners } = this.settings;
    let listeners: Listener[] = [];
    let blend: Blend | undefined;
    if (mode === 'listen') {
      const chosen = await this.models.choose(models, backend, winners);
      await this.models.close(chosen.unused);
      listeners = chosen.listeners;
      blend = await this.sound.openBlend(noise);
    }
    const recorder = this.sound.openInput(input);
    const events: RecognizerEvents = {
      spotted: (spotted) => this.events.spotted(spotted),
      scored: () => this.events.changed(),
      failed: (error) => void this.ended(recorder, error),
    };
    const recognizer = new Recognizer(listeners, decision, blend, events, isRecording(input));
    this.recorder = recorder;
    this.current = recognizer;
    this.streams++;
    this.now = mode;
    try {
      await recorder.start({
        block: (block) => {
          recognizer.offer(block);
          for (const tap of this.taps) tap.sound(block.samples);
          this.events.changed();
        },
        end: () => void this.ended(recorder),
        error: (error) => void this.ended(recorder, error),
      });
    } catch (error) {
      this.settle();
      throw error;
    }
    this.events.changed();
  }

  /** The source has ended or failed by itself. */
  private ended(recorder: Recorder, error?: unknown): Promise<void> {
    return this.inTurn(async () => {
      if (this.recorder !== recorder) return;
      const listened = this.now === 'listen';
      if (error === undefined) await this.current?.finish();
      await this.leave();
      if (error !== undefined) this.events.problem(error);
      if (listened) this.events.event({ kind: 'ended', reason: error === undefined ? 'file' : 'error' });
    });
  }

  private async leave(): Promise<void> {
    const { recorder, current } = this;
    if (!recorder) return;
    this.settle();
    await recorder.stop();
    await current?.idle();
  }

  private settle(): void {
    for (const tap of [...this.taps]) tap.ended();
    this.recorder = undefined;
    this.now = 'idle';
    this.events.changed();
  }
}

function changed(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
