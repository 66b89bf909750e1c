import type { NoiseSettings } from '../../shared/contract.js';
import type { FeatureSpec } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import type { BackendKind } from '../../shared/network.js';
import type { ClipList, ClipsOpening, ClipSource, JudgedClip } from '../../shared/study.js';
import { recordingOf } from '../audio/noise.js';
import { createBatchExtractor } from '../features/batch.js';
import { loadNative } from '../network/native-loader.js';
import type { OnClips } from '../training/clip-store.js';
import { openClips, type ListedClips } from '../robustness/clip-list.js';
import { judgeClip } from '../robustness/judge.js';
import { mixedNoise } from '../robustness/noise-score.js';
import { evaluationWindows, type MixedNoise } from '../training/evaluation.js';
import { OpenModels, type ModelSource } from './open-models.js';

/** Judges clips of the list that was opened last, with models of its own: what listens is not disturbed. One at a time. */
export class ClipJudge {
  private readonly models: OpenModels;
  private list: { readonly key: string; readonly clips: ListedClips } | undefined;
  private noise: { readonly key: string; readonly mixed: MixedNoise } | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  /** Lists asked for: only the last one is wanted. */
  private asked = 0;
  private underWay: ClipsOpening | null = null;

  constructor(source: ModelSource, report: (error: unknown) => void) {
    this.models = new OpenModels(source, report);
  }

  /** How far the opening of a list is; null while none is opened. */
  get opening(): ClipsOpening | null {
    return this.underWay;
  }

  /** @throws WinnowError `study-superseded` when another list is asked for meanwhile, and what opening a list throws */
  open(source: ClipSource): Promise<ClipList> {
    const number = ++this.asked;
    const onClips: OnClips = (done, total) => {
      if (number !== this.asked) throw new WinnowError('study-superseded');
      this.underWay = { done, total };
    };
    return this.inTurn(async () => {
      this.forgetList();
      try {
        onClips(0, 0);
        const { clips } = await this.opened(source, onClips);
        return { clips: clips.map(({ key, word }) => ({ key, word })) };
      } finally {
        this.underWay = null;
      }
    });
  }

  /** @throws WinnowError `study-clip`, and what opening the list, the noise or a model throws */
  judge(
    request: { source: ClipSource; index: number; models: readonly string[]; noise: NoiseSettings; withSound: boolean },
    backend: BackendKind,
  ): Promise<JudgedClip> {
    return this.inTurn(async () => {
      const { clips } = await this.opened(request.source);
      const clip = clips[request.index];
      if (!clip) throw new WinnowError('study-clip', { index: request.index, count: clips.length });
      const { listeners, unused } = await this.models.choose(request.models, backend);
      await this.models.close(unused);
      return judgeClip(clip, listeners, await this.mixed(request.noise), request.noise, request.withSound);
    });
  }

  /** A clip's own window, as a network with these features takes it. */
  window(source: ClipSource, index: number, features: FeatureSpec, noise: NoiseSettings): Promise<Float32Array> {
    return this.inTurn(async () => {
      const { clips } = await this.opened(source);
      const clip = clips[index];
      if (!clip) throw new WinnowError('study-clip', { index, count: clips.length });
      const item = { key: clip.key, target: -1, sound: clip.sound };
      const extractor = createBatchExtractor(features, loadNative().engine);
      return evaluationWindows([item], noise.eta, noise.seed, features, extractor, await this.mixed(noise));
    });
  }

  close(): Promise<void> {
    return this.inTurn(async () => {
      this.forgetList();
      await this.models.close(this.models.forget());
    });
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private forgetList(): void {
    this.list?.clips.close();
    this.list = undefined;
  }

  private async opened(source: ClipSource, onClips?: OnClips): Promise<ListedClips> {
    const key = JSON.stringify(source);
    if (this.list?.key === key) return this.list.clips;
    this.forgetList();
    const clips = await openClips(source, onClips);
    this.list = { key, clips };
    return clips;
  }

  private async mixed(settings: NoiseSettings): Promise<MixedNoise> {
    const key = JSON.stringify([settings.kind, recordingOf(settings)]);
    if (this.noise?.key !== key) this.noise = { key, mixed: await mixedNoise(settings) };
    return this.noise.mixed;
  }
}
