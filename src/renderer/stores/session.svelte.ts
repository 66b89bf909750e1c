import type { BenchReport } from '../../shared/bench.js';
import type { EngineClient } from '../../shared/client.js';
import type {
  AudioDevice,
  CallName,
  CallParams,
  CallResult,
  EngineEvent,
  EngineInfo,
  ModelSummary,
  Settings,
  Snapshot,
} from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import { WindowMicrophone } from '../audio/window-microphone.js';
import { SpectrogramHistory } from '../charts/spectrogram-history.js';
import { connectEngine } from '../client/connect.js';
import { Detections } from './detections.svelte.js';
import { LabStore } from './lab.svelte.js';
import { readModelFile } from './model-file.js';
import { modelTitles } from './model-titles.js';
import { placeOf, Problems, type Place } from './problems.svelte.js';
import { SettingsQueue, type SettingsPatch } from './settings-queue.js';
import { Teaching } from './teaching.svelte.js';

export type HostState = 'connecting' | 'running' | 'lost' | 'died' | 'restarting';

/** In dB of full scale; null in digital silence, or without an input. */
export interface Level {
  readonly rmsDb: number | null;
  readonly peakDb: number | null;
}

/** Events that arrive this soon after the greeting are old ones, told again. */
const CATCH_UP_MS = 300;

/** Everything that the page knows of the engine, and what the user may ask of it. One per page. */
export class Session {
  host = $state<HostState>('connecting');
  info = $state.raw<EngineInfo | null>(null);
  settings = $state.raw<Settings | null>(null);
  models = $state.raw<readonly ModelSummary[] | null>(null);
  /** Model files that are there but cannot be used. */
  modelProblems = $state.raw<CallResult<'models.list'>['problems']>([]);
  clips = $state.raw<readonly { name: string; label: string }[]>([]);
  devices = $state.raw<readonly AudioDevice[]>([]);
  devicesProblem = $state.raw<ErrorReport | null>(null);
  snapshot = $state.raw<Snapshot | null>(null);
  /** Between the click and the host's answer. */
  startPending = $state(false);
  monitoring = $state(false);
  /** Counts the streams that this page has seen: columns and times of different ones have nothing to do with each other. */
  stream = 1;
  /** Why the last run ended by itself. */
  ended = $state<'file' | 'stopped' | 'error' | null>(null);

  #titles = $derived(modelTitles(this.models ?? []));

  readonly lab = new LabStore((name, params) => this.call(name, params));
  /** The benchmark that runs, or the last one. */
  bench = $state.raw<BenchReport | null>(null);

  /** The newest word that a model beside the deciding one heard. */
  beside = $state.raw<(Extract<EngineEvent, { kind: 'beside' }> & { readonly atMs: number }) | null>(null);

  readonly problems = new Problems();
  readonly teaching = new Teaching((name, params) => this.call(name, params));
  readonly history = new SpectrogramHistory();
  readonly detections = new Detections(this.history);
  readonly microphone: WindowMicrophone;
  /** Of this window's own microphone, which the host does not see before listening. */
  #ownLevel = $state.raw<Level | null>(null);
  #streamMs = 0;
  #catchingUp = false;
  readonly #client: EngineClient;
  readonly #queue: SettingsQueue;

  constructor() {
    this.#queue = new SettingsQueue(
      (patch) => this.call('settings.set', patch),
      (settings) => (this.settings = settings),
      (error, patch) => {
        this.problems.show(placeOfPatch(patch), error);
        void this.#reload('settings');
      },
    );
    this.microphone = new WindowMicrophone(
      (base64, lost) => void this.call('listen.feed', { base64, lost }).catch(() => {}),
      (level) => (this.#ownLevel = level && { rmsDb: inDb(level.rms), peakDb: inDb(level.peak) }),
      (error) => {
        this.problems.show('input', error);
        void this.stop();
      },
    );
    this.#client = connectEngine({
      snapshot: (snapshot) => this.#show(snapshot),
      event: (event) => this.#happened(event),
      connection: (open) => this.#connected(open),
    });
  }

  call<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
    return this.#client.call(name, params);
  }

  /** Changes settings at once on the page, then at the host. */
  set(patch: SettingsPatch): void {
    if (this.settings === null) return;
    this.problems.clear(placeOfPatch(patch));
    this.settings = { ...this.settings, ...patch };
    this.#queue.push(patch);
    if (patch.input === undefined) return;
    this.monitoring = false;
    if (patch.input.kind !== 'window') this.microphone.close();
    else if (this.listening) void this.#attempt('input', () => this.microphone.open(true));
  }

  /** What a model is called on the page. */
  titleOf(id: string): string {
    return this.#titles.get(id) ?? id;
  }

  /** A model's line in every chart: what is in use and what stands beside it have the colours that they have elsewhere. */
  styleOf(id: string): { readonly colour: number; readonly dash: number } {
    const used = this.settings?.models ?? [];
    const others = (this.models ?? []).map((model) => model.id).filter((other) => !used.includes(other));
    const place = Math.max(0, [...used, ...others].indexOf(id));
    return { colour: place, dash: place };
  }

  get listening(): boolean {
    return this.snapshot?.listening ?? false;
  }

  /** Of the input, while it is listened to or watched. */
  get level(): Level {
    if (this.snapshot && (this.listening || (this.monitoring && !this.#ownLevel))) return this.snapshot;
    return this.#ownLevel ?? { rmsDb: null, peakDb: null };
  }

  async start(): Promise<void> {
    const started = await this.#attempt('input', async () => {
      this.ended = null;
      // What was chosen last is what shall be heard.
      await this.#queue.idle();
      if (this.settings?.input.kind === 'window') await this.microphone.open(true);
      await this.call('listen.start', {});
      this.monitoring = false;
    });
    if (!started) this.microphone.close();
  }

  async stop(): Promise<void> {
    this.microphone.close();
    await this.#attempt('input', () => this.call('listen.stop', {}));
  }

  toggle(): Promise<void> {
    return this.listening ? this.stop() : this.start();
  }

  /** Shows the level of the chosen input without listening. */
  async monitor(on: boolean): Promise<void> {
    await this.#attempt('input', async () => {
      await this.#queue.idle();
      if (this.settings?.input.kind === 'window') {
        if (on) await this.microphone.open(false);
        else this.microphone.close();
      } else await this.call('input.monitor', { on });
      this.monitoring = on;
    });
  }

  /** Does what needs sound from the input while nothing is listened to: the window's own microphone is opened for it. */
  async withInput<T>(work: () => Promise<T>): Promise<T> {
    await this.#queue.idle();
    const own = this.settings?.input.kind === 'window' && !this.listening;
    if (own) await this.microphone.open(true);
    try {
      return await work();
    } finally {
      if (own) this.microphone.close();
    }
  }

  async importModel(file: File): Promise<string | null> {
    let imported: string | null = null;
    await this.#attempt('model', async () => {
      imported = (await this.call('models.import', await readModelFile(file))).id;
      await this.#refreshModels();
    });
    return imported;
  }

  async refreshDevices(): Promise<void> {
    try {
      const { devices, problem } = await this.call('devices.list', {});
      this.devices = devices;
      this.devicesProblem = problem ?? null;
    } catch {
      // The list stays as it is; the status line says that the engine is away.
    }
  }

  async startBench(quick: boolean): Promise<void> {
    await this.#attempt('bench', () => this.call('bench.start', { quick }));
  }

  async stopBench(): Promise<void> {
    await this.#attempt('bench', () => this.call('bench.stop', {}));
  }

  async #refreshBench(): Promise<void> {
    this.bench = await this.call('bench.get', {});
  }

  async #refreshModels(): Promise<void> {
    const { models, problems } = await this.call('models.list', {});
    this.models = models;
    this.modelProblems = problems;
  }

  async #attempt(place: Place, work: () => Promise<void>): Promise<boolean> {
    this.startPending = true;
    this.problems.clear(place);
    try {
      await work();
      return true;
    } catch (error) {
      const named = WinnowError.from(error);
      const better = placeOf(named.code);
      this.problems.show(better === 'engine' ? place : better, named);
      return false;
    } finally {
      this.startPending = false;
    }
  }

  #connected(open: boolean): void {
    if (open) {
      this.host = 'running';
      // Kept events follow the greeting at once; what they tell happened before.
      this.#catchingUp = true;
      setTimeout(() => (this.#catchingUp = false), CATCH_UP_MS);
      this.problems.clear('engine');
      void this.#reload('all');
    } else {
      if (this.host === 'running') this.host = 'lost';
      this.snapshot = null;
      this.monitoring = false;
      this.microphone.close();
    }
  }

  async #reload(what: 'all' | 'settings'): Promise<void> {
    try {
      this.settings = await this.call('settings.get', {});
      if (what === 'settings') return;
      await Promise.all([
        this.call('engine.info', {}).then((info) => (this.info = info)),
        this.call('clips.list', {}).then(({ clips }) => (this.clips = clips)),
        this.#refreshModels(),
        this.#refreshBench(),
        this.refreshDevices(),
      ]);
    } catch (error) {
      if (this.host === 'running') this.problems.show('engine', error);
    }
  }

  #show(snapshot: Snapshot): void {
    const { firstColumn, columns } = snapshot.spectrogram;
    if (snapshot.streamMs < this.#streamMs) {
      this.stream++;
      this.history.clear();
    }
    this.#streamMs = snapshot.streamMs;
    // Started from the tray or the menu of the application: its window is the one that records.
    const startedElsewhere = snapshot.listening && !this.listening && !this.startPending;
    if (startedElsewhere && snapshot.input?.kind === 'window' && window.winnow !== undefined) {
      void this.#attempt('input', () => this.microphone.open(true));
    }
    if (columns.length > 0) {
      this.history.add(firstColumn, columns);
      this.detections.columnsCame(performance.now());
    }
    this.snapshot = snapshot;
  }

  #happened(event: EngineEvent): void {
    switch (event.kind) {
      case 'detection':
        this.detections.add(event.detection, this.#catchingUp ? null : this.stream, performance.now());
        return;
      case 'beside':
        this.beside = { ...event, atMs: performance.now() };
        return;
      case 'error':
        this.problems.report(placeOf(event.error.code), event.error);
        return;
      case 'ended':
        this.ended = event.reason;
        this.microphone.close();
        return;
      case 'settings':
        if (!this.#queue.busy) this.settings = event.settings;
        return;
      case 'models':
        this.#refreshModels().catch(() => {});
        return;
      case 'lab':
        this.lab.changed();
        return;
      case 'bench':
        this.#refreshBench().catch(() => {});
        return;
      case 'takes':
      case 'teach':
        this.teaching.happened(event.kind);
        return;
      case 'host':
        // A started host counts as running once it has answered the greeting.
        if (event.state !== 'started') this.host = event.state;
        return;
    }
  }
}

function inDb(linear: number): number | null {
  return linear > 0 ? 20 * Math.log10(linear) : null;
}

function placeOfPatch(patch: SettingsPatch): Place {
  if (patch.input) return 'input';
  if (patch.noise) return 'noise';
  if (patch.models || patch.backend || patch.winners) return 'model';
  return 'settings';
}
