import type { DecisionSettings, InputChoice } from '../../shared/contract.js';
import { LIVE_FEATURES, SAMPLE_RATE_HZ, WINDOW_SAMPLES, type FeatureSpec } from '../../shared/features.js';
import type { BackendKind, LayerActivity } from '../../shared/network.js';
import { BLOCK_SAMPLES, type PcmBlock } from '../audio/recorder.js';
import { FeatureStream } from '../features/stream.js';
import type { Backend, WindowStream } from '../network/backend.js';
import { AudioHistory } from './audio-history.js';
import { ColumnHistory } from './column-history.js';
import { Decision, softmax, type Heard, type ScoredWindow } from './decision.js';
import type { DetectionAudio } from './detections.js';
import { LatencyHistogram, Rate } from './latency.js';
import { blendSnrDb, LevelMeter } from './level.js';
import { quietBeside } from './quiet.js';
import { Reblocker, type Hop } from './reblock.js';

export const HOP_MS = (BLOCK_SAMPLES / SAMPLE_RATE_HZ) * 1000;
/** Blocks that wait for the engine at most, one second of sound; what comes on top is dropped. */
export const BLOCKS_WAITING_MAX = 32;
/** Hops of quiet before a recording, 480 ms: its first word is in the middle of a window, not only in later ones. */
const LEAD_HOPS = 15;
/** Hops of quiet after a source's end, 640 ms: a last word reaches the middle of a window, and its decision. */
const TAIL_HOPS = 20;
/** Sound kept for the second behind a detection: the best window may be some seconds old where smoothing and patience are long. */
const HISTORY_SAMPLES = 8 * SAMPLE_RATE_HZ;

/** Of the noisy sound that can be played. */
const HEARD_SAMPLES = 3 * SAMPLE_RATE_HZ;

/** Whether an input is a recording with a beginning and an end. */
export function isRecording({ kind }: InputChoice): boolean {
  return kind === 'file' || kind === 'demo';
}

/** What the network is to hear instead of the clean sound. */
export interface Blend {
  readonly eta: number;
  /** Root mean square of the noise before it is weighted with eta. */
  readonly noiseRms: number;
  /** @param position of the first sample in the stream */
  apply(clean: Float32Array, position: number): Float32Array;
}

/** A model that listens. */
export interface Listener {
  readonly modelId: string;
  readonly backend: Backend;
}

/** A word that one of the models heard. */
export interface Spotted extends Heard {
  readonly modelId: string;
  readonly labels: readonly string[];
  readonly audio: DetectionAudio;
}

export interface RecognizerEvents {
  /** In order of stream time; several models may hear the same word. */
  spotted?(spotted: Spotted): void;
  /** Every window of every model, for whoever keeps score. */
  scored?(modelId: string, window: ScoredWindow): void;
  /** A back end failed; nothing is recognised from here on. */
  failed?(error: unknown): void;
}

/** What a model made of the newest window. */
export interface ListenerState {
  readonly modelId: string;
  readonly backend: BackendKind;
  readonly labels: readonly string[];
  /** Smoothed. */
  readonly scores: readonly number[];
  readonly layers: readonly LayerActivity[];
  readonly inferMs: number;
}

export interface Counters {
  /** Seconds of sound that came, with what was lost of it. */
  readonly seconds: number;
  readonly blocks: number;
  readonly dropped: number;
  readonly lostSamples: number;
  /** Blocks whose scores came later than a block lasts after their end. */
  readonly late: number;
  readonly latencyMsP50: number;
  readonly latencyMsP95: number;
}

interface Ear {
  listener: Listener;
  /** Where the back end can reuse what it made of the window before. */
  windows: WindowStream | undefined;
  readonly decision: Decision;
  state: ListenerState | undefined;
}

/**
 * The live path: blocks of sound -> noise -> features -> each model -> decision, one inference per hop of 512 samples and model.
 * Everything follows from the samples and the settings alone, so a file gives the same detections at any speed.
 *
 * `offer` is for sources that do not wait: blocks queue, and are dropped and counted when the engine falls a second behind.
 * `process` is for sources that can: it resolves when the block has been heard, and nothing is dropped.
 */
export class Recognizer {
  readonly level = new LevelMeter();
  readonly columns = new ColumnHistory();
  private readonly latency = new LatencyHistogram();
  private readonly rate = new Rate();
  private readonly reblocker = new Reblocker();
  private readonly streams = new Map<FeatureSpec['melBank'], FeatureStream>();
  private readonly clean = new AudioHistory(HISTORY_SAMPLES);
  private readonly heard = new AudioHistory(HISTORY_SAMPLES);
  private readonly waiting: { block: PcmBlock; arrivedMs: number }[] = [];
  private ears: Ear[];
  private busy = false;
  /** Settles when nothing waits any more. */
  private working = Promise.resolve();
  /** Settles when the hop that is being heard has been. */
  private hop: Promise<boolean> = Promise.resolve(true);
  private failed = false;
  private blocks = 0;
  private dropped = 0;
  private lost = 0;
  private late = 0;
  private samples = 0;
  /** Stream position after the newest hop that was heard. */
  private position = 0;

  /** @param recorded the sound is a recording with a beginning, as opposed to a microphone that is switched on */
  constructor(
    listeners: readonly Listener[],
    private decisionSettings: DecisionSettings,
    private blend: Blend | undefined,
    private readonly events: RecognizerEvents,
    recorded = false,
  ) {
    this.ears = listeners.map((listener) => this.ear(listener));
    if (recorded) this.position = -LEAD_HOPS * BLOCK_SAMPLES;
  }

  /**
   * Changes the models from the next hop on; those that were listening before keep what they heard, also on another back end or
   * with other winners.
   * Resolves when the ones left out are no longer in use, so that their back ends may be closed.
   */
  async setListeners(listeners: readonly Listener[]): Promise<void> {
    const known = new Map(this.ears.map((ear) => [ear.listener.modelId, ear]));
    this.ears = listeners.map((listener) => {
      const ear = known.get(listener.modelId);
      if (!ear || !sameOutputs(ear.listener, listener)) return this.ear(listener);
      this.openStream(listener);
      if (ear.listener.backend !== listener.backend) ear.windows = listener.backend.openStream?.();
      ear.listener = listener;
      return ear;
    });
    await this.hop;
  }

  setBlend(blend: Blend | undefined): void {
    this.blend = blend;
  }

  setDecision(settings: DecisionSettings): void {
    this.decisionSettings = settings;
    for (const { decision } of this.ears) decision.configure(settings);
  }

  offer(block: PcmBlock): void {
    if (this.failed) return;
    this.count(block);
    if (this.waiting.length >= BLOCKS_WAITING_MAX) {
      this.dropped++;
      return;
    }
    this.waiting.push({ block, arrivedMs: performance.now() });
    this.wake();
  }

  async process(block: PcmBlock): Promise<void> {
    if (this.failed) return;
    this.count(block);
    this.waiting.push({ block, arrivedMs: performance.now() });
    this.wake();
    await this.working;
  }

  /** Resolves when all that was offered has been heard. */
  async idle(): Promise<void> {
    await this.working;
  }

  /** After the source's end: hears the last word out. */
  async finish(): Promise<void> {
    await this.idle();
    if (this.failed) return;
    const start = this.reblocker.position;
    const before = this.clean.slice(this.position - SAMPLE_RATE_HZ, SAMPLE_RATE_HZ);
    const known = before.subarray(SAMPLE_RATE_HZ - Math.min(this.position, SAMPLE_RATE_HZ));
    const samples = quietBeside(known, TAIL_HOPS * BLOCK_SAMPLES);
    for (const hop of this.reblocker.push({ start, samples, lostBefore: 0 })) {
      if (!(await this.attempt(hop, undefined))) return;
    }
    for (const ear of this.ears) {
      const heard = ear.decision.end();
      if (heard) this.tell(ear, heard);
    }
  }

  get counters(): Counters {
    return {
      seconds: this.samples / SAMPLE_RATE_HZ,
      blocks: this.blocks,
      dropped: this.dropped,
      lostSamples: this.lost,
      late: this.late,
      latencyMsP50: this.latency.quantile(0.5),
      latencyMsP95: this.latency.quantile(0.95),
    };
  }

  /** Stream time up to which everything was heard. */
  get streamMs(): number {
    return (this.position / SAMPLE_RATE_HZ) * 1000;
  }

  get inferencesPerSecond(): number {
    return this.rate.perSecond(performance.now());
  }

  /** Of the last second's clean sound against the noise mixed in; null without either. */
  get snrDb(): number | null {
    return this.blend ? blendSnrDb(this.level.rms, this.blend.noiseRms, this.blend.eta) : null;
  }

  get models(): readonly ListenerState[] {
    return this.ears.flatMap(({ state }) => state ?? []);
  }

  /** The newest sound as the networks heard it; shorter at the stream's beginning. */
  newestHeard(): Float32Array {
    const length = Math.max(0, Math.min(this.position, HEARD_SAMPLES));
    return this.heard.slice(this.position - length, length);
  }

  /** The newest window as a network with these features takes it; null before the first. */
  newestWindow(features: FeatureSpec): Float32Array | null {
    const stream = this.streams.get(features.melBank);
    return stream?.ready ? stream.window(features).slice() : null;
  }

  private ear(listener: Listener): Ear {
    const { labels } = listener.backend.model;
    this.openStream(listener);
    const windows = listener.backend.openStream?.();
    return { listener, windows, decision: new Decision(labels, this.decisionSettings, HOP_MS), state: undefined };
  }

  private openStream({ backend }: Listener): void {
    const { melBank } = backend.model.features;
    if (!this.streams.has(melBank)) this.streams.set(melBank, new FeatureStream(melBank));
  }

  private count(block: PcmBlock): void {
    this.blocks++;
    this.lost += block.lostBefore;
    this.samples += block.lostBefore + block.samples.length;
  }

  private wake(): void {
    if (this.busy) return;
    this.busy = true;
    this.working = this.work();
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      this.level.add(next.block.samples);
      for (const hop of this.reblocker.push(next.block)) {
        this.hop = this.withLead(hop, next.arrivedMs);
        if (!(await this.hop)) break;
      }
    }
    this.busy = false;
  }

  /** Before the first hop of a recording comes some quiet. @returns as `attempt` */
  private async withLead(hop: Hop, arrivedMs: number): Promise<boolean> {
    if (hop.start === 0 && this.position < 0) {
      const quiet = quietBeside(hop.samples, LEAD_HOPS * BLOCK_SAMPLES);
      for (let at = 0; at < quiet.length; at += BLOCK_SAMPLES) {
        const lead = { start: at - quiet.length, samples: quiet.subarray(at, at + BLOCK_SAMPLES) };
        if (!(await this.attempt(lead, undefined))) return false;
      }
    }
    return this.attempt(hop, arrivedMs);
  }

  /** @returns false after a failure, which is reported once */
  private async attempt(hop: Hop, arrivedMs: number | undefined): Promise<boolean> {
    try {
      await this.hear(hop, arrivedMs);
      return true;
    } catch (error) {
      this.failed = true;
      this.waiting.length = 0;
      this.events.failed?.(error);
      return false;
    }
  }

  private async hear({ start, samples }: Hop, arrivedMs: number | undefined): Promise<void> {
    if (start !== this.position) this.forget();
    // The noise has no place before the stream's start: the lead takes that of its first samples.
    const heard = this.blend ? this.blend.apply(samples, start < 0 ? start + LEAD_HOPS * BLOCK_SAMPLES : start) : samples;
    if (start >= 0) {
      this.clean.append(samples, start);
      this.heard.append(heard, start);
    }
    this.position = start + samples.length;
    for (const stream of this.streams.values()) stream.push(heard);
    const shown = this.shownStream();
    const column = Math.floor(this.position / BLOCK_SAMPLES) - LIVE_FEATURES.frameLength / BLOCK_SAMPLES;
    // The quiet before and after is heard but is no part of the sound.
    if (arrivedMs !== undefined && shown && shown.columns > 0 && column >= 0) this.columns.add(column, shown.columnDecibels());
    let inferred = false;
    for (const ear of [...this.ears]) inferred = (await this.infer(ear)) || inferred;
    if (!inferred) return;
    const now = performance.now();
    this.rate.add(now);
    if (arrivedMs === undefined) return;
    this.latency.add(now - arrivedMs);
    if (now - arrivedMs > HOP_MS) this.late++;
  }

  /** The spectrogram shows what the first model hears. */
  private shownStream(): FeatureStream | undefined {
    const first = this.ears[0];
    return first && this.streams.get(first.listener.backend.model.features.melBank);
  }

  /** Samples were lost or dropped: no frame and no decision spans the hole. */
  private forget(): void {
    for (const stream of this.streams.values()) stream.reset();
    for (const { decision } of this.ears) decision.reset();
  }

  private async infer(ear: Ear): Promise<boolean> {
    const { modelId, backend } = ear.listener;
    const { labels, features } = backend.model;
    const stream = this.streams.get(features.melBank)!;
    if (!stream.ready) return false;
    const startedMs = performance.now();
    const { logits, layers } = await this.scores(ear, stream);
    const inferMs = performance.now() - startedMs;
    const endMs = (this.position / SAMPLE_RATE_HZ) * 1000;
    const centreMs = ((this.position - WINDOW_SAMPLES / 2) / SAMPLE_RATE_HZ) * 1000;
    const window: ScoredWindow = { centreMs, endMs, scores: softmax(logits) };
    const { smoothed, heard } = ear.decision.push(window);
    ear.state = { modelId, backend: backend.kind, labels, scores: smoothed, layers, inferMs };
    this.events.scored?.(modelId, window);
    if (heard) this.tell(ear, heard);
    return true;
  }

  private async scores(
    { listener, windows }: Ear,
    stream: FeatureStream,
  ): Promise<{ logits: Float32Array; layers: readonly LayerActivity[] }> {
    const { features } = listener.backend.model;
    if (windows) {
      const { logits, activity } = await windows.infer(stream.scaledWindow(features));
      return { logits, layers: activity };
    }
    const { logits, activity } = await listener.backend.infer(stream.window(features), 1, { threads: 1 });
    return { logits, layers: activity[0]! };
  }

  private tell({ listener }: Ear, heard: Heard): void {
    const { modelId, backend } = listener;
    const audio = this.audioAround(heard.best.centreMs);
    this.events.spotted?.({ ...heard, modelId, labels: backend.model.labels, audio });
  }

  private audioAround(centreMs: number): DetectionAudio {
    const start = Math.round((centreMs / 1000) * SAMPLE_RATE_HZ) - SAMPLE_RATE_HZ / 2;
    return { heard: this.heard.slice(start, SAMPLE_RATE_HZ), clean: this.clean.slice(start, SAMPLE_RATE_HZ) };
  }
}

function sameOutputs(a: Listener, b: Listener): boolean {
  const [one, other] = [a.backend.model.labels, b.backend.model.labels];
  return one.length === other.length && one.every((label, i) => label === other[i]);
}
