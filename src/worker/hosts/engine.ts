import {
  type AudioDevice,
  type CallHandlers,
  type CallResult,
  type Detection,
  type EngineInfo,
  type NoiseSettings,
  type Settings,
  type Snapshot,
  type SuggestedDecision,
} from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import type { ClipSource } from '../../shared/study.js';
import type { ModelListing } from '../network/registry.js';
import { encodeWav } from '../audio/wav.js';
import { decisionInUse, suggestedPart } from '../recognizer/decision-in-use.js';
import { DetectionArchive } from '../recognizer/detections.js';
import type { Spotted } from '../recognizer/recognizer.js';
import { startStudy } from '../robustness/study-run.js';
import { DEFAULT_BATCHES, DEFAULT_THREADS } from '../bench/options.js';
import { ActionRunner } from './actions.js';
import { BenchProcess } from './bench-process.js';
import { ClipJudge } from './clip-judge.js';
import type { Caller, Served, Shown } from './client-session.js';
import { EventLog } from './event-log.js';
import { answerMatch, Lab } from './lab.js';
import { Listening, type SoundSource } from './listening.js';
import { OpenModels, type ModelSource } from './open-models.js';
import type { SettingsStore } from './settings-store.js';
import { Teaching } from './teaching.js';
import { Insider } from './insider.js';
import { RoomRecording } from './room-recording.js';
import { Studies } from './studies.js';

/** The rooms that the engine puts together. */
export interface EngineParts extends SoundSource, ModelSource {
  info(): Promise<Omit<EngineInfo, 'local'>>;
  devices(): Promise<{ devices: AudioDevice[]; problem?: ErrorReport }>;
  clips(): Promise<CallResult<'clips.list'>>;
  models(): Promise<ModelListing>;
  /** @param file its name, on whatever computer it came from. @returns the new model's id */
  importModel(file: string, bytes: Uint8Array): Promise<string>;
  /** Makes a model the one that decides, here and on the command line. */
  useModel(id: string): Promise<void>;
  /** What a model suggests for its decision. */
  decisionOf(id: string): Promise<SuggestedDecision | undefined>;
}

/** The engine behind the contract: settings, listening, detections, models. */
export class Engine implements Served {
  readonly log = new EventLog();
  private readonly archive = new DetectionArchive();
  private readonly actions = new ActionRunner((error) => this.problem(error));
  private readonly bench = new BenchProcess(() => this.log.append({ kind: 'bench' }));
  private readonly lab = new Lab(() => this.log.append({ kind: 'lab' }));
  private readonly listening: Listening;
  private readonly judge: ClipJudge;
  private readonly insider: Insider;
  private readonly teaching: Teaching;
  private readonly room: RoomRecording;
  private readonly studies = new Studies(startStudy);
  /** Grows by at least one with everything that a picture would show. */
  private revision = 1;
  /** Unlike those of an earlier host, so that a page that knows some of those never gets the wrong sound. */
  private lastDetection = Date.now();

  /**
   * @param settings of this home
   * @param listeningChanged told whenever listening begins or ends
   */
  constructor(
    private readonly parts: EngineParts,
    private readonly settings: SettingsStore,
    listeningChanged: (listening: boolean) => void,
  ) {
    let listening = false;
    const models = new OpenModels(parts, (error) => this.problem(error));
    this.insider = new Insider(parts, (id, winners) => models.opened(id, winners));
    this.judge = new ClipJudge(parts, (error) => this.problem(error));
    this.listening = new Listening(parts, models, settings.get(), {
      event: (event) => this.log.append(event),
      problem: (error) => this.problem(error),
      spotted: (spotted) => this.spotted(spotted),
      changed: () => {
        this.revision++;
        const now = this.listening.mode === 'listen';
        if (now === listening) return;
        listeningChanged((listening = now));
        if (listening) this.bench.listeningBegan();
      },
    });
    this.room = new RoomRecording(this.listening);
    this.teaching = new Teaching(
      this.listening,
      this.archive,
      (event) => this.log.append(event),
      async (id) => {
        const models = [id, ...this.settings.get().models.slice(1)];
        await this.change({ models }, { local: true });
      },
    );
  }

  problem(error: unknown): void {
    this.log.append({ kind: 'error', error: WinnowError.from(error).report() });
  }

  async close(): Promise<void> {
    this.bench.stop();
    this.lab.stop();
    this.teaching.close();
    this.room.stop();
    await this.studies.close();
    await this.judge.close();
    await this.insider.close();
    await this.listening.close();
    await this.settings.flush();
  }

  /** Goes on where a host that died stopped. */
  async restore(listening: boolean): Promise<void> {
    if (!listening) return;
    try {
      await this.listening.listen();
    } catch (error) {
      this.problem(error);
      this.log.append({ kind: 'ended', reason: 'error' });
    }
  }

  handlers(caller: Caller): CallHandlers {
    const { parts, settings, listening } = this;
    return {
      'engine.info': async () => ({ ...(await parts.info()), local: caller.local }),
      'settings.get': async () => settings.get(),
      'settings.set': async (change) => this.change(defined(change), caller),
      'devices.list': () => parts.devices(),
      'clips.list': () => parts.clips(),
      'models.list': async () => {
        const { models, problems } = await parts.models();
        return { models: [...models], problems: [...problems] };
      },
      'models.import': async ({ name, base64 }) => {
        const id = await parts.importModel(name, Buffer.from(base64, 'base64'));
        this.log.append({ kind: 'models' });
        return { id };
      },
      'input.monitor': ({ on }) => listening.monitor(on),
      'listen.start': () => listening.listen(),
      'listen.stop': () => listening.stop(),
      'listen.heard': async () => {
        const sound = listening.recognizer?.newestHeard();
        return { wavBase64: sound && sound.length > 0 ? Buffer.from(encodeWav(sound)).toString('base64') : null };
      },
      'noise.record': async ({ on }) => {
        if (!on) return this.room.stop();
        const room = await this.room.record();
        await this.change({ noise: { ...settings.get().noise, kind: 'room', room } }, { local: true });
      },
      'listen.feed': async ({ base64, lost }) => {
        listening.feed(Buffer.from(base64, 'base64'), lost);
      },
      'clips.open': async ({ source }) => {
        if (!caller.local && source.kind === 'folder') refuse('The folder of clips');
        return this.judge.open(source);
      },
      'clips.opening': async () => this.judge.opening,
      'clips.judge': async (request) => {
        if (!caller.local) refuseRemoteStudy(request.source, request.noise, request.models, this.settings.get());
        return this.judge.judge(request, settings.get().backend);
      },
      'inside.facts': async ({ model, changes }) => {
        if (!caller.local) refuseModelFiles([model], settings.get());
        return this.insider.facts(model, changes);
      },
      'inside.look': async ({ model, changes, sound }) => {
        if (!caller.local) {
          const noise = sound.kind === 'clip' ? sound.noise : {};
          refuseRemoteStudy({ kind: 'shipped' }, noise, [model], settings.get());
        }
        if (sound.kind === 'held') return this.insider.look(model, changes, undefined);
        return this.insider.look(model, changes, async ({ features }) =>
          sound.kind === 'live'
            ? (listening.recognizer?.newestWindow(features) ?? null)
            : this.judge.window({ kind: 'shipped' }, sound.index, features, sound.noise),
        );
      },
      'inside.unit': async ({ model, changes, layer, unit }) => {
        if (!caller.local) refuseModelFiles([model], settings.get());
        return this.insider.unit(model, changes, layer, unit);
      },
      'study.start': async ({ job }) => {
        if (!caller.local) {
          if (job.kind === 'calibration') refuse('The sound to calibrate with');
          else refuseRemoteStudy(job.source, job.noise, job.models, this.settings.get());
        }
        this.studies.start(job, settings.get().decision);
      },
      'study.stop': async () => this.studies.stop(),
      'study.get': async () => this.studies.current,
      'bench.start': async ({ quick }) =>
        this.bench.start({ quick, threads: DEFAULT_THREADS, batches: DEFAULT_BATCHES }, listening.mode === 'listen'),
      'lab.list': async () => this.lab.list(),
      'lab.start': async (order) => {
        if (!caller.local) refuse('An experiment');
        this.lab.start(order);
      },
      'lab.stop': async () => this.lab.stop(),
      'lab.get': async () => this.lab.run,
      'lab.match': async (question) => answerMatch(question),
      'bench.stop': async () => this.bench.stop(),
      'bench.get': async () => this.bench.report,
      ...this.teaching.handlers(caller.local),
      'detection.audio': async ({ id, clean }) => {
        const { audio } = this.archive.get(id);
        return { wavBase64: Buffer.from(encodeWav(clean ? audio.clean : audio.heard)).toString('base64') };
      },
    };
  }

  snapshot(shown: Shown | undefined): { snapshot: Snapshot; shown: Shown } | undefined {
    const { revision } = this;
    if (shown?.revision === revision) return undefined;
    const { recognizer, stream, input, mode } = this.listening;
    const counters = recognizer?.counters;
    const from = shown?.stream === stream ? shown.columns : 0;
    const spectrogram = recognizer?.columns.from(from) ?? { firstColumn: 0, columns: [] };
    const snapshot: Snapshot = {
      listening: mode === 'listen',
      input: input ? { kind: input.kind, label: input.label } : null,
      streamMs: recognizer?.streamMs ?? 0,
      rmsDb: recognizer?.level.rmsDb ?? null,
      peakDb: recognizer?.level.peakDb ?? null,
      allZero: recognizer?.level.allZero ?? false,
      snrDb: recognizer?.snrDb ?? null,
      blocks: counters?.blocks ?? 0,
      droppedBlocks: counters?.dropped ?? 0,
      lateBlocks: counters?.late ?? 0,
      lostSamples: counters?.lostSamples ?? 0,
      inferencesPerSecond: recognizer?.inferencesPerSecond ?? 0,
      latencyMsP50: counters?.latencyMsP50 ?? 0,
      latencyMsP95: counters?.latencyMsP95 ?? 0,
      spectrogram,
      models: recognizer?.models ?? [],
    };
    return { snapshot, shown: { revision, stream, columns: spectrogram.firstColumn + spectrogram.columns.length } };
  }

  private async change(change: Partial<Omit<Settings, 'version'>>, caller: Caller): Promise<Settings> {
    if (!caller.local) refuseRemote(change, this.settings.get());
    const now = this.settings.get();
    const first = change.models?.[0];
    const otherModel = first !== undefined && first !== now.models[0];
    if (otherModel) await this.parts.useModel(first);
    const byHand = change.decision !== undefined && !same(suggestedPart(change.decision), suggestedPart(now.decision));
    const ownDecision = change.ownDecision ?? (byHand || now.ownDecision === true);
    const follows = !ownDecision && (otherModel || now.ownDecision === true);
    const suggested = follows ? await this.parts.decisionOf(first ?? now.models[0]!) : undefined;
    const decision = change.decision ?? this.settings.get().decision;
    const settings = this.settings.set({
      ...change,
      ownDecision,
      ...(otherModel ? { winners: {} } : {}),
      ...(follows ? { decision: decisionInUse({ decision, ownDecision }, suggested) } : {}),
    });
    this.log.append({ kind: 'settings', settings });
    await this.listening.configure(settings);
    return settings;
  }

  /** Every model's words are known to the recogniser; the first model's are detections. */
  private spotted({ modelId, labels, label, confidence, best, firedMs, audio }: Spotted): void {
    const settings = this.settings.get();
    if (modelId !== settings.models[0]) {
      this.log.append({ kind: 'beside', modelId, label, confidence, timeMs: best.centreMs });
      return;
    }
    const detection: Detection = {
      id: ++this.lastDetection,
      label,
      confidence,
      timeMs: best.centreMs,
      firedMs,
      modelId,
      scores: Object.fromEntries(labels.map((name, i) => [name, best.scores[i]!])),
    };
    this.archive.add(detection, audio);
    this.log.append({ kind: 'detection', detection });
    const action = Object.hasOwn(settings.actions, label) ? settings.actions[label] : undefined;
    if (action) this.actions.run(action, detection);
  }
}

/** Without the keys whose value is undefined: those ask for no change. */
function defined<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function refuse(what: string): never {
  throw new WinnowError('engine-not-allowed', { what });
}

/** From another computer nobody names programs to run or files to read on this one. */
function refuseRemote(change: Partial<Omit<Settings, 'version'>>, now: Settings): void {
  if (change.actions && !same(change.actions, now.actions)) refuse('The programs that words start');
  if (change.input?.kind === 'file' && !same(change.input, now.input)) refuse('The file to listen to');
  if (change.noise) refuseNoiseFiles(change.noise, now);
  refuseModelFiles(change.models ?? [], now);
}

function refuseModelFiles(models: readonly string[], now: Settings): void {
  if (models.some((id) => /[\\/]/.test(id) && !now.models.includes(id))) refuse('The file of a model');
}

type NoiseFiles = Pick<NoiseSettings, 'path' | 'room'>;

function refuseNoiseFiles({ path, room }: NoiseFiles, { noise }: Settings): void {
  if (path !== undefined && path !== noise.path) refuse('The file with the noise');
  if (room !== undefined && room !== noise.room) refuse('The file with the room');
}

function refuseRemoteStudy(source: ClipSource, noise: NoiseFiles, models: readonly string[], now: Settings): void {
  if (source.kind === 'folder') refuse('The folder of clips');
  refuseNoiseFiles(noise, now);
  refuseModelFiles(models, now);
}
