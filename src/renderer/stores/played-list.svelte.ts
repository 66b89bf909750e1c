import type { NoiseSettings } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { ClipList, ClipsOpening, ClipSource, JudgedClip } from '../../shared/study.js';
import { playWav } from '../audio/player.js';
import type { Session } from './session.svelte.js';

/** Right answers so far of one model; clips of words that it has no output for do not count. */
export interface RunningAccuracy {
  readonly right: number;
  readonly counted: number;
}

export interface PlayedClip {
  readonly key: string;
  readonly word: string;
  readonly answers: readonly { readonly modelId: string; readonly label: string; readonly correct: boolean | null }[];
}

export function runningAccuracy(played: readonly PlayedClip[], modelId: string): RunningAccuracy {
  let right = 0;
  let counted = 0;
  for (const { answers } of played) {
    const correct = answers.find((answer) => answer.modelId === modelId)?.correct ?? null;
    if (correct === null) continue;
    counted++;
    right += Number(correct);
  }
  return { right, counted };
}

/** Levels of the automatic sweep of one clip. */
export const SWEEP_ETAS: readonly number[] = Array.from({ length: 26 }, (_, i) => (2 * i) / 100);

/** A list that is being opened is asked this often how far it is. */
const OPENING_MS = 300;

/** A list of clips played to some models one after another, with the noise of the settings. */
export class PlayedList {
  clips = $state.raw<ClipList['clips']>([]);
  /** How far the opening of the list is; null once it is open. */
  opening = $state.raw<ClipsOpening | null>(null);
  played = $state.raw<readonly PlayedClip[]>([]);
  /** What the models made of the clip that was judged last. */
  current = $state.raw<JudgedClip | null>(null);
  /** One clip at rising levels of noise. */
  sweep = $state.raw<readonly JudgedClip[]>([]);
  running = $state<'list' | 'sweep' | null>(null);
  /** What was stopped before its end: its part results stay. */
  stopped = $state<'list' | 'sweep' | null>(null);
  problem = $state.raw<ErrorReport | null>(null);
  /** Play what the models hear; without, the list goes as fast as the models do. */
  aloud = $state(false);
  /** Each clip has the same noise every time. */
  frozen = $state(true);
  #stop = false;
  /** Lists asked for: only the last one is wanted. */
  #asked = 0;

  constructor(private readonly session: Session) {}

  async open(source: ClipSource): Promise<void> {
    // Not `stop`: that tells of what was running, and who opens a list does not want to be called again when that changes.
    this.#stop = true;
    const number = ++this.#asked;
    const isWanted = (): boolean => number === this.#asked;
    this.opening = { done: 0, total: 0 };
    const watch = setInterval(() => void this.#watch(isWanted), OPENING_MS);
    await this.#attempt(async () => {
      this.clips = [];
      this.stopped = null;
      this.played = [];
      this.sweep = [];
      this.current = null;
      try {
        const { clips } = await this.session.call('clips.open', { source });
        if (isWanted()) this.clips = clips;
      } catch (error) {
        if (isWanted()) throw error;
      }
    });
    clearInterval(watch);
    if (isWanted()) this.opening = null;
  }

  stop(): void {
    this.#stop = true;
    if (this.running !== null) this.stopped = this.running;
  }

  /** Plays the list from its beginning. */
  async play(source: ClipSource): Promise<void> {
    await this.#run('list', async () => {
      this.played = [];
      this.clips = (await this.session.call('clips.open', { source })).clips;
      for (let index = 0; index < this.clips.length && !this.#stop; index++) await this.#judge(source, index, true);
    });
  }

  /** Judges one clip with the noise as it is set. */
  async one(source: ClipSource, index: number): Promise<void> {
    await this.#run('list', () => this.#judge(source, index, false));
  }

  /** One clip from no noise to half noise. */
  async sweepClip(source: ClipSource, index: number): Promise<void> {
    await this.#run('sweep', async () => {
      this.sweep = [];
      for (const eta of SWEEP_ETAS) {
        if (this.#stop) return;
        this.current = await this.#ask(source, index, { ...this.#noise(), eta });
        this.sweep = [...this.sweep, this.current];
        await this.#hear(this.current);
      }
    });
  }

  async #watch(isWanted: () => boolean): Promise<void> {
    const opening = await this.session.call('clips.opening', {}).catch(() => null);
    if (opening && this.opening && isWanted()) this.opening = opening;
  }

  async #judge(source: ClipSource, index: number, counts: boolean): Promise<void> {
    const judged = await this.#ask(source, index, this.#noise());
    this.current = judged;
    if (counts) {
      const { key, word, models } = judged;
      this.played = [
        ...this.played,
        { key, word, answers: models.map(({ modelId, label, correct }) => ({ modelId, label, correct })) },
      ];
    }
    await this.#hear(judged);
  }

  #ask(source: ClipSource, index: number, noise: NoiseSettings): Promise<JudgedClip> {
    const models = [...(this.session.settings?.models ?? [])];
    return this.session.call('clips.judge', { source, index, models, noise, withSound: this.aloud });
  }

  async #hear({ wavBase64 }: JudgedClip): Promise<void> {
    if (wavBase64 !== undefined && this.aloud) await playWav(wavBase64);
  }

  #noise(): NoiseSettings {
    const noise = this.session.settings?.noise ?? { kind: 'white', eta: 0, seed: 1 };
    return this.frozen ? noise : { ...noise, seed: crypto.getRandomValues(new Uint32Array(1))[0]! };
  }

  async #run(what: 'list' | 'sweep', work: () => Promise<void>): Promise<void> {
    if (this.running !== null) return;
    this.running = what;
    this.stopped = null;
    this.#stop = false;
    await this.#attempt(work);
    this.running = null;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = WinnowError.from(error).report();
    }
  }
}
