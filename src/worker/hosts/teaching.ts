import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallHandlers, EngineEvent, TeachChoices } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';
import type { FinetuneEpoch, FinetuneEvent, FinetuneReport, TeachState } from '../../shared/teaching.js';
import { decodeSound, decodeSoundFile } from '../audio/decode.js';
import { encodeWav } from '../audio/wav.js';
import { editWord } from '../network/edit-words.js';
import { ModelRegistry } from '../network/registry.js';
import { winnowHome } from '../places.js';
import type { DetectionArchive } from '../recognizer/detections.js';
import { TakeStore } from '../takes/store.js';
import { normaliseWord } from '../takes/word-name.js';
import { startFinetune, type FinetuneRun } from '../training/finetune/finetune-run.js';
import { FINETUNE_PLANS, FinetunePlan } from '../training/finetune/plan.js';
import type { Listening } from './listening.js';
import { TakeRecording } from './take-recording.js';

/** Seed of every training from the screen: the same takes and choices give the same network. */
const TEACH_SEED = 1;

type TeachCall = Extract<keyof CallHandlers, `takes.${string}` | `teach.${string}`>;
export type TeachHandlers = Pick<CallHandlers, TeachCall>;

/** What the Teach screen asks for: takes, and the one training at a time that learns from them. */
export class Teaching {
  private readonly store = new TakeStore();
  private readonly registry = new ModelRegistry();
  private readonly recording: TakeRecording;
  private run: FinetuneRun | undefined;
  private state: TeachState['state'] = 'idle';
  private model: string | null = null;
  private now: FinetuneEvent | null = null;
  private epochs: FinetuneEpoch[] = [];
  private report: FinetuneReport | null = null;
  private error: WinnowError | null = null;

  /** @param used told when a new model is to be listened with */
  constructor(
    listening: Listening,
    private readonly archive: DetectionArchive,
    private readonly happened: (event: EngineEvent) => void,
    private readonly used: (id: string) => Promise<void>,
  ) {
    this.recording = new TakeRecording(listening);
  }

  /** @param local whether the caller may name files of this computer */
  handlers(local: boolean): TeachHandlers {
    const { store } = this;
    const changed = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work;
      this.happened({ kind: 'takes' });
      return result;
    };
    const wav = (samples: Float32Array): { wavBase64: string } => ({ wavBase64: base64(encodeWav(samples)) });
    return {
      'takes.list': () => store.list(),
      'takes.record': async ({ word }) => changed(store.add(word, await this.recording.record(word), 'microphone')),
      'takes.cancel': async () => this.recording.cancel(),
      'takes.add': async ({ word, base64: bytes }) =>
        changed(store.add(word, decodeSound(Buffer.from(bytes, 'base64'), word), 'file')),
      'takes.adopt': async ({ word, detection }) =>
        changed(store.add(word, this.archive.get(detection).audio.clean, 'detection')),
      'takes.audio': async ({ word, id }) => ({ wavBase64: base64(await store.wav(word, id)) }),
      'takes.delete': async ({ word, id }) => changed(store.delete(word, id)),
      'takes.deleteAll': async () => changed(store.deleteAll()),
      'teach.state': async () => this.current,
      'teach.start': async (choices) => {
        if (!local && choices.data !== undefined)
          throw new WinnowError('engine-not-allowed', { what: 'The folder of training data' });
        await this.start(choices);
      },
      'teach.control': async ({ request }) => this.control(request),
      'teach.accept': async ({ use }) => ({ id: await this.accept(use) }),
      'teach.discard': async () => this.discard(),
      'teach.editWord': async ({ model, word, name }) => {
        const opened = await this.registry.open(model);
        const edited = editWord(opened.model, name === undefined ? { word } : { word, name: normaliseWord(name) });
        const id = await this.registry.add(edited, plainName(opened.id));
        this.happened({ kind: 'models' });
        return { id };
      },
      'teach.flipped': async ({ index }) => {
        const clip = this.report?.flipped[index];
        if (!clip) throw new WinnowError('finetune-not-running');
        return wav(await decodeSoundFile(clip.path));
      },
    };
  }

  close(): void {
    this.run?.request('stop');
    this.recording.cancel();
  }

  private get current(): TeachState {
    const { state, model, now, epochs, report, error } = this;
    return { state, model, now, epochs, report, error: error?.report() ?? null };
  }

  private async start(choices: TeachChoices): Promise<void> {
    if (this.run) throw new WinnowError('finetune-running');
    const { model, mode, words, data, ...overrides } = choices;
    const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
    const plan = FinetunePlan.parse({ ...FINETUNE_PLANS[mode], ...given });
    const { id } = await this.registry.summaryOf(model);
    await mkdir(join(winnowHome(), 'teaching'), { recursive: true });
    this.model = id;
    this.epochs = [];
    this.report = null;
    this.error = null;
    this.enter('running', null);
    const job = {
      model: id,
      clips: this.store.folder,
      ...(words ? { words } : {}),
      ...(data ? { data } : {}),
      plan,
      seed: TEACH_SEED,
      out: candidateFile(),
      threads: 0,
      command: `Teach screen, ${mode}`,
    };
    const run = startFinetune(job, true, (event) => this.take(event));
    this.run = run;
    run.outcome
      .then(({ report }) => {
        this.report = report;
        this.run = undefined;
        this.enter(report ? 'trained' : 'idle', null);
      })
      .catch((error: unknown) => {
        this.error = WinnowError.from(error);
        this.run = undefined;
        this.enter('failed', null);
      });
  }

  private take(event: FinetuneEvent): void {
    if (event.event === 'epoch') this.epochs = [...this.epochs, event];
    this.now = event;
  }

  private control(request: 'pause' | 'resume' | 'stop'): void {
    if (!this.run) throw new WinnowError('finetune-not-running');
    this.run.request(request);
    if (request !== 'stop') this.enter(request === 'pause' ? 'paused' : 'running', this.now);
  }

  private async accept(use: boolean): Promise<string> {
    if (this.state !== 'trained' || this.model === null) throw new WinnowError('finetune-not-running');
    const { registry } = this;
    const { name } = await registry.summaryOf(this.model);
    const id = await registry.import(await readFile(candidateFile()), name);
    await rm(candidateFile(), { force: true });
    this.happened({ kind: 'models' });
    this.enter('idle', null);
    if (use) await this.used(id);
    return id;
  }

  private async discard(): Promise<void> {
    if (this.run) throw new WinnowError('finetune-running');
    await rm(candidateFile(), { force: true });
    this.report = null;
    this.enter('idle', null);
  }

  private enter(state: TeachState['state'], now: FinetuneEvent | null): void {
    this.state = state;
    this.now = now;
    this.happened({ kind: 'teach' });
  }
}

/** Of a version the name that all versions share. */
function plainName(id: string): string {
  return id.replace(/@\d+$/, '');
}

/** The new model, until it is accepted. */
function candidateFile(): string {
  return join(winnowHome(), 'teaching', 'candidate.safetensors');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
