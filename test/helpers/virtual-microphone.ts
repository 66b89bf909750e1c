import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findProgram, temporaryFolder } from './project.js';

const START_LIMIT_MS = 10_000;
/** A model is opened before the microphone is. */
const RECORD_LIMIT_MS = 30_000;
const POLL_MS = 50;
const FORMAT = ['--rate=16000', '--channels=1', '--format=s16le'];

/** What is missing for a virtual microphone here, in words; undefined where nothing is. */
export function missingForMicrophone(): string | undefined {
  const missing = ['pulseaudio', 'pactl', 'pacat', 'paplay', 'arecord'].filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? undefined : `no ${missing.join(', ')}`;
}

/**
 * A microphone without hardware: a PulseAudio server of its own with a null sink, whose monitor is offered as a source. What is
 * played into the sink is what a recorder program records, through ALSA's `pulse` plug-in.
 */
export class VirtualMicrophone {
  /** For the program that records. */
  readonly env: Record<string, string>;
  readonly #folder = temporaryFolder('microphone');
  readonly #children: ChildProcess[] = [];

  private constructor() {
    const { path } = this.#folder;
    const runtime = join(path, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    writeFileSync(join(path, '.asoundrc'), 'pcm.!default { type pulse }\nctl.!default { type pulse }\n');
    this.env = {
      HOME: path,
      XDG_RUNTIME_DIR: runtime,
      XDG_CONFIG_HOME: join(path, 'config'),
      PULSE_SERVER: `unix:${join(runtime, 'pulse', 'native')}`,
      PULSE_SINK: 'vspk',
      PULSE_SOURCE: 'vmic',
      PULSE_LATENCY_MSEC: '20',
    };
  }

  static async start(): Promise<VirtualMicrophone> {
    const microphone = new VirtualMicrophone();
    const sink = 'module-null-sink sink_name=vspk rate=16000 channels=1 format=s16le';
    const source = 'module-remap-source master=vspk.monitor source_name=vmic';
    microphone.#run('pulseaudio', [
      ...['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--log-level=error'],
      ...['-L', 'module-native-protocol-unix', '-L', sink, '-L', source],
    ]);
    const deadline = Date.now() + START_LIMIT_MS;
    while (microphone.#ask('pactl', ['info']).status !== 0) {
      if (Date.now() > deadline) {
        microphone.stop();
        throw new Error('PulseAudio did not start');
      }
      await wait(POLL_MS);
    }
    // A sink that nothing plays into sleeps, and loses the first seconds of what wakes it.
    microphone.#run('pacat', ['--raw', ...FORMAT, '/dev/zero']);
    return microphone;
  }

  /** Resolves once a program records from the microphone. */
  async recorded(): Promise<void> {
    const deadline = Date.now() + RECORD_LIMIT_MS;
    while (this.#ask('pactl', ['list', 'short', 'source-outputs']).stdout === '') {
      if (Date.now() > deadline) throw new Error('nobody records');
      await wait(POLL_MS);
    }
  }

  /** Plays a WAV file to its end, as a person would speak. */
  play(file: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#run('paplay', [file]).once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`paplay ended with ${code}`)),
      );
    });
  }

  stop(): void {
    for (const child of this.#children.reverse()) child.kill('SIGKILL');
    this.#folder.remove();
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.env };
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { env: this.#environment(), stdio: 'ignore' });
    this.#children.push(child);
    return child;
  }

  #ask(program: string, args: readonly string[]) {
    return spawnSync(program, args, { env: this.#environment(), encoding: 'utf8' });
  }
}
