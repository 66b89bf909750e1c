import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WinnowError } from '../../shared/errors.js';
import { checkDeviceName, listDevices, parseDeviceList } from './devices.js';
import { MicrophoneRecorder } from './microphone.js';
import type { PcmBlock } from './recorder.js';

/** Long enough for a busy machine; tests of what never comes have shorter ones. */
const TIMES = { startTimeoutMs: 20_000, dataTimeoutMs: 20_000, stopTimeoutMs: 200 };

let folder: string;
const path = process.env['PATH'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'winnow-recorder-'));
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a program called arecord first on PATH, really run: a script of this Node. */
function fakeArecord(script: string): void {
  writeFileSync(join(folder, 'arecord'), `#!${process.execPath}\n${script}`, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${path}`;
}

class Listener {
  readonly blocks: PcmBlock[] = [];
  readonly errors: unknown[] = [];
  private wake: () => void = () => undefined;
  block(block: PcmBlock): void {
    this.blocks.push(block);
    this.wake();
  }
  end(): void {
    this.errors.push(new Error('a microphone does not end by itself'));
    this.wake();
  }
  error(error: unknown): void {
    this.errors.push(error);
    this.wake();
  }
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.wake = resolve));
  }
  get code(): string | undefined {
    return this.errors[0] instanceof WinnowError ? this.errors[0].code : undefined;
  }
}

/** Starts, and collects what `start` itself throws with the rest. */
async function run(device?: string, times = TIMES): Promise<{ recorder: MicrophoneRecorder; listener: Listener }> {
  const recorder = new MicrophoneRecorder(device, times);
  const listener = new Listener();
  await recorder.start(listener).catch((error: unknown) => listener.errors.push(error));
  return { recorder, listener };
}

const RAMP = `const bytes = Buffer.alloc(4096); for (let i = 0; i < 2048; i++) bytes.writeInt16LE(i, 2 * i);`;
const STAY = `setInterval(() => {}, 1000);`;

describe('MicrophoneRecorder', () => {
  it('gives the samples that the program sends, and asks it for raw mono 16 kHz', async () => {
    fakeArecord(`${RAMP} bytes.write(process.argv.slice(2).join(' ').slice(0, 100), 2048); process.stdout.write(bytes); ${STAY}`);
    const { recorder, listener } = await run('plughw:CARD=PCH,DEV=0');
    await listener.until(() => listener.blocks.length >= 4);
    await recorder.stop();
    expect(listener.errors).toEqual([]);
    expect(listener.blocks.map((block) => block.start)).toEqual([0, 512, 1024, 1536]);
    expect(Array.from(listener.blocks[1]!.samples)).toEqual(Array.from({ length: 512 }, (_, i) => (512 + i) / 32_768));
    const told = Buffer.alloc(1024);
    listener.blocks[2]!.samples.forEach((value, i) => told.writeInt16LE(value * 32_768, 2 * i));
    expect(told.toString('latin1')).toMatch(/^-D plughw:CARD=PCH,DEV=0 -q -r 16000 -c 1 -t raw -f S16_LE --period-time=32000 /);
  });

  it('puts samples together again that were cut between their bytes', async () => {
    fakeArecord(`${RAMP} let at = 0;
      const next = () => { if (at >= 4096) return; process.stdout.write(bytes.subarray(at, at += 333), () => setImmediate(next)); };
      next(); ${STAY}`);
    const { recorder, listener } = await run();
    await listener.until(() => listener.blocks.length >= 4 || listener.errors.length > 0);
    await recorder.stop();
    expect(listener.blocks.flatMap((block) => Array.from(block.samples, (v) => v * 32_768))).toEqual(
      Array.from({ length: 2048 }, (_, i) => i),
    );
  });

  it('counts what arecord says it lost', async () => {
    fakeArecord(`${RAMP} process.stdout.write(bytes, () => setTimeout(() => {
      process.stderr.write('overrun!!! (at least 12.500 ms long)\\n', () => setTimeout(() => process.stdout.write(bytes), 50));
    }, 50)); ${STAY}`);
    const { recorder, listener } = await run();
    await listener.until(() => listener.blocks.length >= 8 || listener.errors.length > 0);
    await recorder.stop();
    expect(listener.blocks[4]).toMatchObject({ start: 2048 + 200, lostBefore: 200 });
    expect(listener.blocks.filter((block) => block.lostBefore > 0)).toHaveLength(1);
  });

  it('says when there is no program', async () => {
    process.env['PATH'] = folder;
    const { listener } = await run();
    expect(listener.code).toBe('audio-recorder-missing');
  });

  it('says when the program cannot be run', async () => {
    writeFileSync(join(folder, 'arecord'), '#!/nonexistent/interpreter\n', { mode: 0o755 });
    // Alone on PATH: the search would go on to a real one.
    process.env['PATH'] = folder;
    const { listener } = await run();
    expect(listener.code).toBe('audio-recorder-failed');
  });

  it('says why the program ended at once', async () => {
    fakeArecord(`console.error('arecord: main:834: audio open error: No such file or directory'); process.exit(1);`);
    const { listener } = await run();
    expect(listener.code).toBe('audio-recorder-ended');
    expect((listener.errors[0] as WinnowError).message).toMatch(/status 1.*No such file/);
  });

  it('says when the program ends later, even without an error of its own, and gives what it sent', async () => {
    fakeArecord(`${RAMP} process.stdout.write(bytes.subarray(0, 3000));`);
    const { listener } = await run();
    await listener.until(() => listener.errors.length > 0);
    expect(listener.code).toBe('audio-recorder-ended');
    expect(listener.blocks.reduce((sum, block) => sum + block.samples.length, 0)).toBe(1500);
  });

  it('says when no sound comes, or none any more', async () => {
    fakeArecord(STAY);
    expect((await run(undefined, { ...TIMES, startTimeoutMs: 300 })).listener.code).toBe('audio-recorder-hangs');
    fakeArecord(`${RAMP} process.stdout.write(bytes); ${STAY}`);
    const { listener } = await run(undefined, { ...TIMES, dataTimeoutMs: 300 });
    await listener.until(() => listener.errors.length > 0);
    expect(listener.code).toBe('audio-recorder-hangs');
    expect(listener.blocks).toHaveLength(4);
  });

  it('stops a flood', async () => {
    fakeArecord(`const bytes = Buffer.alloc(65536); const go = () => process.stdout.write(bytes, go); go();`);
    const { listener } = await run();
    await listener.until(() => listener.errors.length > 0);
    expect(listener.code).toBe('audio-recorder-floods');
  });

  it('ends a program that does not want to end, and calls nothing afterwards', async () => {
    fakeArecord(`process.on('SIGTERM', () => {}); ${RAMP} setInterval(() => process.stdout.write(bytes), 100);`);
    const { recorder, listener } = await run();
    await recorder.stop();
    const count = listener.blocks.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(listener.blocks).toHaveLength(count);
    expect(listener.errors).toEqual([]);
  });

  it('can be stopped before the first sound', async () => {
    fakeArecord(STAY);
    const recorder = new MicrophoneRecorder(undefined, TIMES);
    const listener = new Listener();
    const started = recorder.start(listener);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await recorder.stop();
    await started;
    expect(listener.errors).toEqual([]);
  });

  it('takes no option for a device', async () => {
    const { listener } = await run('--dump-hw-params');
    expect(listener.code).toBe('audio-device-unknown');
    expect(() => checkDeviceName('hw:0\nrm')).toThrow(WinnowError);
  });
});

describe('devices', () => {
  const ANSWER = `null
    Discard all samples (playback) or generate zero samples (capture)
pulse
    PulseAudio Sound Server
default
sysdefault:CARD=PCH
    HDA Intel PCH, ALC295 Analog
    Default Audio Device
hw:CARD=PCH,DEV=0
    HDA Intel PCH, ALC295 Analog
plughw:CARD=PCH,DEV=0
    HDA Intel PCH, ALC295 Analog
    Hardware device with all software conversions
`;

  it('keeps those that take any rate', () => {
    expect(parseDeviceList(ANSWER)).toEqual([
      { id: 'pulse', label: 'PulseAudio Sound Server' },
      { id: 'default', label: 'default' },
      { id: 'sysdefault:CARD=PCH', label: 'HDA Intel PCH, ALC295 Analog: Default Audio Device' },
      { id: 'plughw:CARD=PCH,DEV=0', label: 'HDA Intel PCH, ALC295 Analog: Hardware device with all software conversions' },
    ]);
  });

  it('lists what arecord lists, and says why where it cannot', async () => {
    fakeArecord(`process.stdout.write(${JSON.stringify(ANSWER)});`);
    expect((await listDevices()).devices.map(({ id }) => id)).toContain('plughw:CARD=PCH,DEV=0');
    fakeArecord('process.exit(1);');
    expect((await listDevices()).problem?.code).toBe('audio-recorder-failed');
    process.env['PATH'] = folder;
    rmSync(join(folder, 'arecord'));
    expect((await listDevices()).problem?.code).toBe('audio-recorder-missing');
  });
});
