import { z } from 'zod';
import type { BenchReport } from './bench.js';
import {
  ClipSource,
  RECORDINGS_MAX,
  STUDY_MODELS_MAX,
  type ClipList,
  type ClipsOpening,
  type JudgedClip,
  type StudyState,
} from './study.js';
import type { ErrorReport } from './errors.js';
import { LabStart, MatchQuestion, type LabExperiment, type LabRun, type MatchAnswer, type MergeNote } from './lab.js';
import type { TakeListing, TakeSummary, TeachState } from './teaching.js';
import { InsideChanges, type InsideView, type ModelFacts, type UnitStages } from './inside.js';
import { BACKENDS, type BackendKind, type LayerActivity, type NetworkSpec } from './network.js';

/**
 * The contract between the engine host and whoever drives it (window, page, command line). Each call is a name, a schema of
 * its parameters and the type of its result; the handler table, the client and the preload object are derived from `CALLS`,
 * so a missing handler does not compile. Snapshots are "latest wins"; events are numbered and none is lost.
 */
export const NOISE_KINDS = ['white', 'gaussian', 'pink', 'babble', 'file', 'room'] as const;

export const NoiseSettings = z.strictObject({
  kind: z.enum(NOISE_KINDS),
  /** A* = (1 - eta) A + eta noise. */
  eta: z.number().min(0).max(0.5),
  seed: z.int().nonnegative(),
  /** Of the WAV or FLAC file, for kind `file`. */
  path: z.string().max(4096).optional(),
  /** Where the room was recorded to, for kind `room`. */
  room: z.string().max(4096).optional(),
});
export type NoiseSettings = z.infer<typeof NoiseSettings>;

/** Noise of a study, whose levels are its own. */
const StudyNoise = NoiseSettings.omit({ eta: true });
const ModelIds = z.array(z.string().min(1).max(256)).min(1).max(STUDY_MODELS_MAX);

/** Long work in the background. */
export const StudyJob = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('noiseScore'),
    models: ModelIds,
    source: ClipSource,
    noise: StudyNoise,
    /** Levels, ascending. */
    etas: z.array(z.number().min(0).max(0.5)).min(1).max(51),
  }),
  z.strictObject({
    kind: z.literal('calibration'),
    model: z.string().min(1).max(256),
    /** A data folder. */
    data: z.string().min(1).max(4096).optional(),
    /** Long recordings, with their words in a `.json` beside them. */
    recordings: z.array(z.string().min(1).max(4096)).max(RECORDINGS_MAX),
  }),
]);
export type StudyJob = z.infer<typeof StudyJob>;

export const InputChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('microphone'), device: z.string().max(256).optional() }),
  /** getUserMedia in the window: the page sends the samples. */
  z.strictObject({ kind: z.literal('window') }),
  z.strictObject({ kind: z.literal('file'), path: z.string().min(1).max(4096) }),
  /** A clip that ships; without a name, all of them in turn. */
  z.strictObject({ kind: z.literal('demo'), clip: z.string().max(64).optional() }),
]);
export type InputChoice = z.infer<typeof InputChoice>;

export const DecisionSettings = z.strictObject({
  /** Width of the moving average over each output's scores; 0 is none. */
  smoothingMs: z.number().min(0).max(2000),
  threshold: z.number().min(0).max(1),
  /** A word fires when at least `patience` of the last `patienceOf` smoothed scores pass the threshold. */
  patience: z.int().min(1).max(64),
  patienceOf: z.int().min(1).max(64),
  refractoryMs: z.number().min(0).max(10_000),
  /** Words with a threshold of their own. */
  thresholds: z.record(z.string().max(64), z.number().min(0).max(1)),
  /** Words that are switched off: they never fire. */
  off: z.array(z.string().max(64)).max(1024).optional(),
});
export type DecisionSettings = z.infer<typeof DecisionSettings>;

/** What a model may suggest for itself: the decision without what is the user's own (single words). */
export const SuggestedDecision = DecisionSettings.omit({ thresholds: true, off: true });
export type SuggestedDecision = z.infer<typeof SuggestedDecision>;

/** A program to run when a word is heard: an argument list, never a shell. */
export const WordAction = z.strictObject({
  enabled: z.boolean(),
  command: z.array(z.string().max(4096)).min(1).max(64),
});
export type WordAction = z.infer<typeof WordAction>;

export const Settings = z.strictObject({
  version: z.literal(1),
  input: InputChoice,
  noise: NoiseSettings,
  /** Models that hear the sound side by side; the first one decides. */
  models: z.array(z.string().min(1).max(256)).min(1).max(4),
  backend: z.enum(BACKENDS),
  /** What is in use. */
  decision: DecisionSettings,
  /** The decision was set by hand. Without, it follows what the deciding model suggests for itself, or the defaults. */
  ownDecision: z.boolean().optional(),
  /** The deciding model tried with other winners than it was trained for, live; forgotten with another model and at the end. */
  winners: InsideChanges.optional(),
  actions: z.record(z.string().max(64), WordAction),
  theme: z.enum(['system', 'light', 'dark']),
  /** Everything half as large again, to be read from the back of a room. */
  presentation: z.boolean().optional(),
});
export type Settings = z.infer<typeof Settings>;

/** For models that suggest nothing. */
export const DEFAULT_DECISION: SuggestedDecision = {
  smoothingMs: 480,
  threshold: 0.7,
  patience: 3,
  patienceOf: 5,
  refractoryMs: 750,
};

export const DEFAULT_SETTINGS: Settings = {
  version: 1,
  input: { kind: 'microphone' },
  noise: { kind: 'white', eta: 0, seed: 1 },
  models: ['commands'],
  backend: 'sparse',
  decision: { ...DEFAULT_DECISION, thresholds: {} },
  actions: {},
  theme: 'system',
};

/** What this machine can run, for the choice of the back end and for "why is it slow". */
export interface EngineInfo {
  readonly version: string;
  readonly backends: readonly {
    readonly kind: BackendKind;
    /** The instruction set, or the library and its version; empty where not available. */
    readonly detail: string;
    readonly problem?: ErrorReport;
  }[];
  /** Folder of the settings and the user's models. */
  readonly home: string;
  /** Whether the window can offer files of this computer by path (not when the page is served to another machine). */
  readonly local: boolean;
}

export interface AudioDevice {
  /** What the recorder program wants to be told. */
  readonly id: string;
  readonly label: string;
}

export interface ModelSummary {
  readonly id: string;
  readonly name: string;
  readonly shipped: boolean;
  readonly labels: readonly string[];
  readonly spec: NetworkSpec;
  readonly nonZeros: number;
  readonly bytes: number;
  /** What it suggests for itself. */
  readonly decision?: SuggestedDecision;
  /** What the model's report tells. */
  readonly card: ModelFigures;
}

/** Of a model's report, as far as it has them. */
export interface ModelFigures {
  /** On the test split; of `testClips` clips. */
  readonly testAccuracy?: number;
  readonly testClips?: number;
  /** The 11-point noise curve, on the same clips. */
  readonly noise?: { readonly eta: readonly number[]; readonly accuracy: readonly number[] };
  /** Multiplies per word, mean over the validation split. */
  readonly multiplies?: number;
  /** Whether there was noise in what it was trained on. */
  readonly trainedWithNoise?: boolean;
}

/** What one model makes of the current window. */
export interface ModelSnapshot {
  readonly modelId: string;
  readonly backend: BackendKind;
  readonly labels: readonly string[];
  /** Softmax of the logits, smoothed as the decision sees it. */
  readonly scores: readonly number[];
  readonly layers: readonly LayerActivity[];
  readonly inferMs: number;
}

/** The state of the live path, at most 30 times a second. */
export interface Snapshot {
  readonly listening: boolean;
  readonly input: { readonly kind: InputChoice['kind']; readonly label: string } | null;
  readonly streamMs: number;
  /** Of the last second, dB relative to full scale; null in digital silence. */
  readonly rmsDb: number | null;
  readonly peakDb: number | null;
  /** Every sample of the last seconds was exactly zero: a muted or blocked microphone. */
  readonly allZero: boolean;
  /** SNR of the noise being mixed in; null without noise or in silence. */
  readonly snrDb: number | null;
  readonly blocks: number;
  /** Blocks that the engine could not keep up with, samples that the source lost. */
  readonly droppedBlocks: number;
  /** Blocks whose scores came later than a block lasts (32 ms) after their end. */
  readonly lateBlocks: number;
  readonly lostSamples: number;
  readonly inferencesPerSecond: number;
  readonly latencyMsP50: number;
  readonly latencyMsP95: number;
  /** Spectrogram columns since the previous snapshot: `firstColumn` counts from the stream's start; values in dB, absolute. */
  readonly spectrogram: { readonly firstColumn: number; readonly columns: readonly (readonly number[])[] };
  readonly models: readonly ModelSnapshot[];
}

export interface Detection {
  readonly id: number;
  readonly label: string;
  readonly confidence: number;
  /** Stream time of the centre of the best window, and of the decision. */
  readonly timeMs: number;
  readonly firedMs: number;
  readonly modelId: string;
  /** The scores of the best window. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Never lost, numbered from 1 by the host. */
export type EngineEvent =
  | { readonly kind: 'detection'; readonly detection: Detection }
  /** A word heard by a model that listens beside the deciding one. */
  | {
      readonly kind: 'beside';
      readonly modelId: string;
      readonly label: string;
      readonly confidence: number;
      readonly timeMs: number;
    }
  | { readonly kind: 'error'; readonly error: ErrorReport }
  | { readonly kind: 'ended'; readonly reason: 'file' | 'stopped' | 'error' }
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'models' }
  /** The takes have changed. */
  | { readonly kind: 'takes' }
  /** The training has changed its state; while it runs, its progress is there to be asked for. */
  | { readonly kind: 'teach' }
  /** There is more to see of an experiment: `lab.get` tells. */
  | { readonly kind: 'lab' }
  /** There is more to see of the benchmark: `bench.get` tells. */
  | { readonly kind: 'bench' }
  | { readonly kind: 'host'; readonly host: 'engine'; readonly state: 'started' | 'died' | 'restarting' };

/** How the Teach screen has a network taught; what is not named is as the mode has it. */
export const TeachChoices = z.strictObject({
  model: z.string().min(1).max(256),
  /** All words with takes, without it. */
  words: z.array(z.string().min(1).max(64)).max(256).optional(),
  mode: z.enum(['quick', 'thorough']),
  layers: z.enum(['last', 'linear', 'all']).optional(),
  boostStrength: z.number().min(0).max(10).optional(),
  boostDecay: z.number().positive().max(1).optional(),
  learningRate: z.number().positive().max(1).optional(),
  epochs: z.int().min(1).max(200).optional(),
  firstEpochBatchSize: z.int().min(2).max(512).optional(),
  /** A folder of training data on this computer, to keep the old words by. */
  data: z.string().min(1).max(4096).optional(),
});
export type TeachChoices = z.infer<typeof TeachChoices>;

/** A word to teach, or `_background_` for sound of the room. */
const TakeWordName = z.string().max(64);

interface Call<P extends z.ZodType, R> {
  readonly params: P;
  /** Carries the type of the result; never read. */
  readonly result?: R;
}
function call<R>() {
  return <P extends z.ZodType>(params: P): Call<P, R> => ({ params });
}

const Nothing = z.strictObject({});

export const CALLS = {
  'engine.info': call<EngineInfo>()(Nothing),
  'settings.get': call<Settings>()(Nothing),
  'settings.set': call<Settings>()(Settings.partial().omit({ version: true })),
  'devices.list': call<{ devices: AudioDevice[]; problem?: ErrorReport }>()(Nothing),
  'clips.list': call<{ clips: { name: string; label: string }[] }>()(Nothing),
  /** `problems`: model files that are there but cannot be used. */
  'models.list': call<{ models: ModelSummary[]; problems: { id: string; error: ErrorReport }[] }>()(Nothing),
  /** The bytes of a dropped model file, base64. */
  'models.import': call<{ id: string }>()(z.strictObject({ name: z.string().max(128), base64: z.string().max(12_000_000) })),
  /**
   * Opens the chosen input for its level alone, before listening: snapshots carry `listening: false`, the input and the level,
   * nothing is recognised and nothing kept. `listen.start` takes over, changing the input ends it.
   */
  'input.monitor': call<void>()(z.strictObject({ on: z.boolean() })),
  'listen.start': call<void>()(Nothing),
  'listen.stop': call<void>()(Nothing),
  /** The newest seconds as the networks heard them, noise included, as a 16-bit WAV file, base64; null before any sound. */
  'listen.heard': call<{ wavBase64: string | null }>()(Nothing),
  /**
   * Records the room through the chosen input until it is called with `on: false`, 20 s at most, and chooses it as the noise.
   * Resolves when that is done.
   */
  'noise.record': call<void>()(z.strictObject({ on: z.boolean() })),
  /** Samples that the page recorded (kind `window`): 16 kHz mono, 16-bit little-endian, base64; `lost` since the last call. */
  'listen.feed': call<void>()(z.strictObject({ base64: z.string().max(200_000), lost: z.int().nonnegative() })),
  'takes.list': call<TakeListing>()(Nothing),
  /** Records the next word that is said into the chosen input (of `_background_`: 20 s), and keeps it. */
  'takes.record': call<TakeSummary>()(z.strictObject({ word: TakeWordName })),
  'takes.cancel': call<void>()(Nothing),
  /** The bytes of a WAV or FLAC file, base64. */
  'takes.add': call<TakeSummary>()(z.strictObject({ word: TakeWordName, base64: z.string().max(12_000_000) })),
  /** Takes the second behind a detection over as a take of the word that it really was. */
  'takes.adopt': call<TakeSummary>()(z.strictObject({ word: TakeWordName, detection: z.int().positive() })),
  'takes.audio': call<{ wavBase64: string }>()(z.strictObject({ word: TakeWordName, id: z.string().max(64) })),
  'takes.delete': call<void>()(z.strictObject({ word: TakeWordName, id: z.string().max(64) })),
  'takes.deleteAll': call<void>()(Nothing),
  'teach.state': call<TeachState>()(Nothing),
  'teach.start': call<void>()(TeachChoices),
  'teach.control': call<void>()(z.strictObject({ request: z.enum(['pause', 'resume', 'stop']) })),
  /** Keeps the new model as a version, and listens with it where asked to; or throws it away. */
  'teach.accept': call<{ id: string }>()(z.strictObject({ use: z.boolean() })),
  'teach.discard': call<void>()(Nothing),
  /** A new version of a model with a word renamed or, without a name, deleted; nothing else changes. */
  'teach.editWord': call<{ id: string }>()(
    z.strictObject({ model: z.string().min(1).max(256), word: z.string().max(64), name: z.string().max(64).optional() }),
  ),
  /** A clip of the report's list of those that flipped. */
  'teach.flipped': call<{ wavBase64: string }>()(z.strictObject({ index: z.int().nonnegative() })),
  /**
   * The second of sound behind a detection, as a 16-bit WAV file, base64: as the network heard it, or `clean`, before the noise.
   * Kept for the last 100 detections.
   */
  'detection.audio': call<{ wavBase64: string }>()(z.strictObject({ id: z.int().positive(), clean: z.boolean().optional() })),
  /** Starts a benchmark in a process of its own. Listening goes on, and makes the figures worse. */
  'bench.start': call<void>()(z.strictObject({ quick: z.boolean() })),
  'bench.stop': call<void>()(Nothing),
  /** The published experiments, with what was measured of them here. */
  'lab.list': call<{ experiments: LabExperiment[]; notes: MergeNote[] }>()(Nothing),
  /** Runs what is missing of an experiment in a process of its own; results are kept unit by unit. */
  'lab.start': call<void>()(LabStart),
  'lab.stop': call<void>()(Nothing),
  /** The experiment that runs, or the last one. */
  'lab.get': call<LabRun>()(Nothing),
  /** How likely random binary vectors match, exactly. */
  'lab.match': call<MatchAnswer>()(MatchQuestion),
  /** The benchmark that runs, or the last one. */
  'bench.get': call<BenchReport>()(Nothing),
  /** The clips of a list, in the order in which they are judged. Who opens another list meanwhile ends it: `study-superseded`. */
  'clips.open': call<ClipList>()(z.strictObject({ source: ClipSource })),
  /** How far the opening of a list is; null while none is opened. */
  'clips.opening': call<ClipsOpening | null>()(Nothing),
  /** What models make of one clip's own window with the clip's own noise: counting the answers gives the noise score. */
  'clips.judge': call<JudgedClip>()(
    z.strictObject({
      source: ClipSource,
      index: z.int().nonnegative(),
      models: ModelIds,
      noise: NoiseSettings,
      withSound: z.boolean(),
    }),
  ),
  /** What can be told of a model's layers from the model alone. */
  'inside.facts': call<ModelFacts>()(z.strictObject({ model: z.string().min(1).max(256), changes: InsideChanges })),
  /**
   * One window of sound inside a network: the newest one that is listened to, a clip's own, or the one that was looked at last
   * (`held`). Null without sound.
   */
  'inside.look': call<InsideView | null>()(
    z.strictObject({
      model: z.string().min(1).max(256),
      changes: InsideChanges,
      sound: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('live') }),
        z.strictObject({ kind: z.literal('held') }),
        z.strictObject({ kind: z.literal('clip'), index: z.int().nonnegative(), noise: NoiseSettings }),
      ]),
    }),
  ),
  /** One unit in the window that was looked at last. `layer` by index, `unit` in `[channel][row][column]`. */
  'inside.unit': call<UnitStages>()(
    z.strictObject({
      model: z.string().min(1).max(256),
      changes: InsideChanges,
      layer: z.int().nonnegative(),
      unit: z.int().nonnegative(),
    }),
  ),
  /** Starts long work in a thread of its own; what ran before must have ended. */
  'study.start': call<void>()(z.strictObject({ job: StudyJob })),
  /** What is finished of it stays. */
  'study.stop': call<void>()(Nothing),
  /** The study that runs, or the last one; null before the first. */
  'study.get': call<StudyState | null>()(Nothing),
} as const;

export type CallName = keyof typeof CALLS;
export type CallParams<N extends CallName> = z.infer<(typeof CALLS)[N]['params']>;
export type CallResult<N extends CallName> = (typeof CALLS)[N] extends Call<z.ZodType, infer R> ? R : never;
/** A handler for every call: leaving one out does not compile. */
export type CallHandlers = { readonly [N in CallName]: (params: CallParams<N>) => Promise<CallResult<N>> };

/**
 * Messages on the wire, in both directions, whatever the transport. A client opens with `open`, naming the host it knew and the
 * last event it saw; the host answers `hello` and sends every kept event after that one (all kept ones to a client that knew
 * another host or none). A snapshot is sent only after `seen` answers the one before, so a slow client gets fewer, newer ones.
 * `EngineClient` speaks all of this.
 */
export const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('open'), session: z.string().max(64), after: z.int().nonnegative() }),
  z.strictObject({ type: z.literal('call'), id: z.int().nonnegative(), name: z.string().max(64), params: z.unknown() }),
  z.strictObject({ type: z.literal('seen') }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

export type HostMessage =
  /** `session` changes when the host is a new process: its events count from 1 again. */
  | { readonly type: 'hello'; readonly session: string }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  /** `number` counts from 1; 0 is a message of the host's keeper (events of kind `host`), which is outside the count. */
  | { readonly type: 'event'; readonly number: number; readonly event: EngineEvent };
