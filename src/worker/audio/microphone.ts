import { join } from 'node:path';
import nodeRecord from 'node-record-lpcm16';
import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { resourcesFolder } from '../places.js';
import { BlockCutter } from './blocks.js';
import { checkDeviceName, findRecorder, type RecorderProgram } from './devices.js';
import type { Recorder, RecorderEvents } from './recorder.js';

export interface MicrophoneTimes {
  /** Until the first sound; some sound servers take seconds to wake a device. */
  readonly startTimeoutMs: number;
  /** Between two portions of sound. */
  readonly dataTimeoutMs: number;
  /** From being asked to end until being made to. */
  readonly stopTimeoutMs: number;
}
export const MICROPHONE_TIMES: MicrophoneTimes = { startTimeoutMs: 8_000, dataTimeoutMs: 4_000, stopTimeoutMs: 1_000 };

/** Sound may run ahead of the clock by what a device had buffered; more than this is no microphone. */
const AHEAD_MS_MAX = 4_000;
const BYTES_PER_MS = (2 * SAMPLE_RATE_HZ) / 1000;
/** Of what the program says on stderr, for the error's text. */
const COMPLAINT_CHARACTERS_MAX = 300;
/** arecord reports what it lost: "overrun!!! (at least 12.345 ms long)". */
const OVERRUN = /overrun!!! \(at least ([\d.]+) ms long\)/g;
const OVERRUN_MS_MAX = 60_000;

type Recording = ReturnType<typeof nodeRecord.record>;

/** A microphone through node-record-lpcm16, which runs arecord or sox. */
export class MicrophoneRecorder implements Recorder {
  readonly kind = 'microphone';
  readonly label: string;
  private program: RecorderProgram = 'arecord';
  private recording: Recording | undefined;
  private cutter: BlockCutter | undefined;
  private events: RecorderEvents | undefined;
  private watchdog: NodeJS.Timeout | undefined;
  private startedMs = 0;
  private bytes = 0;
  private complaint = '';
  private ended = Promise.resolve();
  /** Settles the promise of `start`; undefined once settled. */
  private begun: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(
    private readonly device?: string,
    private readonly times: MicrophoneTimes = MICROPHONE_TIMES,
  ) {
    this.label = device ?? 'Default microphone';
  }

  /** Resolves with the first sound. @throws WinnowError `audio-recorder-...`, `audio-device-unknown` */
  async start(events: RecorderEvents): Promise<void> {
    if (this.device !== undefined) checkDeviceName(this.device);
    this.program = await findRecorder();
    this.events = events;
    this.cutter = new BlockCutter((block) => void events.block(block));
    await new Promise<void>((resolve, reject) => {
      this.begun = { resolve, reject };
      this.record();
    });
  }

  async stop(): Promise<void> {
    this.events = undefined;
    this.begun?.resolve();
    this.begun = undefined;
    await this.close();
  }

  private record(): void {
    let recording: Recording;
    try {
      recording = nodeRecord.record({
        sampleRate: SAMPLE_RATE_HZ,
        channels: 1,
        audioType: 'raw',
        recorder: this.program === 'arecord' ? join(resourcesFolder(), 'recorders', 'arecord.cjs') : this.program,
        ...(this.device === undefined ? {} : { device: this.device }),
      });
    } catch (error) {
      this.fail(new WinnowError('audio-recorder-failed', { program: this.program, reason: (error as Error).message }));
      return;
    }
    this.recording = recording;
    this.startedMs = performance.now();
    const { process } = recording;
    // At once: without a listener a missing program would end the whole process.
    process.on('error', (error) => {
      this.fail(new WinnowError('audio-recorder-failed', { program: this.program, reason: error.message }, { cause: error }));
    });
    this.ended = new Promise((resolve) => process.once('exit', () => resolve()));
    process.on('close', (code, signal) => this.onClose(code, signal));
    // The library emits an error on the stream at every end; the process's own events say more.
    recording.stream().on('error', () => undefined);
    recording.stream().on('data', (chunk: Buffer) => this.onData(chunk));
    process.stderr.on('data', (chunk: Buffer) => this.onComplaint(chunk.toString()));
    this.watch(this.times.startTimeoutMs);
  }

  private watch(timeoutMs: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      this.fail(new WinnowError('audio-recorder-hangs', { program: this.program, seconds: timeoutMs / 1000 }));
    }, timeoutMs);
  }

  private onData(chunk: Buffer): void {
    if (!this.events || chunk.length === 0) return;
    this.bytes += chunk.length;
    const aheadMs = this.bytes / BYTES_PER_MS - (performance.now() - this.startedMs);
    if (aheadMs > AHEAD_MS_MAX) {
      this.fail(new WinnowError('audio-recorder-floods', { program: this.program, seconds: Math.round(aheadMs / 1000) }));
      return;
    }
    this.watch(this.times.dataTimeoutMs);
    this.begun?.resolve();
    this.begun = undefined;
    this.cutter!.pushBytes(chunk);
  }

  private onComplaint(text: string): void {
    for (const [, ms] of text.matchAll(OVERRUN)) {
      const lostMs = Math.min(Number(ms), OVERRUN_MS_MAX);
      if (this.events && lostMs > 0) this.cutter!.lose(Math.round((lostMs * SAMPLE_RATE_HZ) / 1000));
    }
    this.complaint = (this.complaint + text).slice(-COMPLAINT_CHARACTERS_MAX);
  }

  private onClose(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.watchdog);
    const status = code === null ? `signal ${signal}` : `status ${code}`;
    const reason = this.complaint.trim().replace(/\s+/g, ' ') || 'it gave no reason';
    this.fail(new WinnowError('audio-recorder-ended', { program: this.program, status, reason }));
  }

  /** Once: rejects `start` while it waits, else reports; what was heard so far is given first. */
  private fail(error: WinnowError): void {
    const { events, begun } = this;
    if (!events) return;
    this.cutter?.flush();
    this.events = undefined;
    this.begun = undefined;
    void this.close();
    if (begun) begun.reject(error);
    else events.error(error);
  }

  private async close(): Promise<void> {
    clearTimeout(this.watchdog);
    const process = this.recording?.process;
    if (!process || process.pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
    process.kill('SIGTERM');
    const killer = setTimeout(() => process.kill('SIGKILL'), this.times.stopTimeoutMs);
    await this.ended;
    clearTimeout(killer);
    // A program of its own that the recorder started may hold the pipes open.
    process.stdout.destroy();
    process.stderr.destroy();
  }
}
