import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../../test/helpers/bundle.js';
import { ROOT, temporaryFolder } from '../../../test/helpers/project.js';
import { HIGH_HZ, LOW_HZ, toneModel, toneSound } from '../../../test/helpers/tones.js';
import { EngineClient } from '../../shared/client.js';
import { DEFAULT_SETTINGS, Settings, type Detection, type EngineEvent, type Snapshot } from '../../shared/contract.js';
import { decodeSound } from '../audio/decode.js';
import { encodeWav, toInt16 } from '../audio/wav.js';
import { writeModelFile } from '../network/model-file.js';
import { watchEvents } from '../serve/watch-events.js';
import { childLink, type Link } from './host-link.js';
import { Supervisor } from './supervisor.js';

const SOUND = toneSound(5, [
  [1, LOW_HZ],
  [3, HIGH_HZ],
]);

let program: Awaited<ReturnType<typeof bundle>>;
const folder = temporaryFolder('host');
let home: string;
let child: ChildProcess;
let supervisor: Supervisor;
let client: EngineClient;
let events: EngineEvent[];
let snapshots: Snapshot[];
let homes = 0;

beforeAll(async () => {
  program = await bundle({ 'engine-host': join(ROOT, 'src/worker/hosts/engine-host.ts') });
  await writeModelFile(join(folder.path, 'tones.safetensors'), toneModel());
  await writeFile(join(folder.path, 'tones.wav'), encodeWav(SOUND));
});
afterAll(() => {
  program.remove();
  folder.remove();
});

/** A client through the supervisor, with everything that it was told. */
function connect(): EngineClient {
  events = [];
  snapshots = [];
  return new EngineClient(
    (wire) => {
      let toSupervisor: (message: unknown) => void = () => undefined;
      let gone: () => void = () => undefined;
      const link: Link = {
        send: (message) => wire.message(structuredClone(message) as never),
        onMessage: (listener) => (toSupervisor = listener),
        onClose: (listener) => (gone = listener),
        close: () => {
          gone();
          wire.closed();
        },
      };
      supervisor.attach(link, true);
      return Promise.resolve({ send: (message) => toSupervisor(message), close: () => gone() });
    },
    { event: (event) => void events.push(event), snapshot: (snapshot) => void snapshots.push(snapshot) },
  );
}

beforeEach(async () => {
  home = join(folder.path, `home-${homes++}`);
  await mkdir(home);
  const input = { kind: 'file', path: join(folder.path, 'tones.wav') } as const;
  const settings = { ...DEFAULT_SETTINGS, input, backend: 'reference' };
  await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
  await writeFile(join(home, 'active-model.json'), JSON.stringify({ version: 1, id: join(folder.path, 'tones.safetensors') }));
  supervisor = new Supervisor(() => {
    child = fork(program.path('engine-host'), [], {
      env: { ...process.env, WINNOW_HOME: home },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const started = child;
    return { link: childLink(started), kill: () => void started.kill('SIGKILL') };
  });
  client = connect();
});
afterEach(async () => {
  client.close();
  await supervisor.stop();
});

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await delay(5);
  }
}
const hostEvent = (state: string) => (): EngineEvent | undefined => events.find((e) => e.kind === 'host' && e.state === state);
const detections = (): Detection[] => events.flatMap((event) => (event.kind === 'detection' ? [event.detection] : []));
const count = (kind: EngineEvent['kind']): number => events.filter((event) => event.kind === kind).length;

describe('the engine host', () => {
  it('listens to a file in a process of its own: words, pictures, and the sound behind a word', async () => {
    await until(hostEvent('started'));
    await client.call('listen.start', {});
    await until(() => (count('ended') > 0 && snapshots.at(-1)?.listening === false ? true : undefined));
    expect(detections().map(({ label }) => label)).toEqual(['low', 'high']);
    const [low] = detections();
    expect(Math.abs(low!.timeMs - 1250)).toBeLessThan(200);
    expect(Object.keys(low!.scores)).toEqual(['low', 'high', '_silence_']);

    const { wavBase64 } = await client.call('detection.audio', { id: low!.id });
    const start = Math.round(low!.timeMs * 16) - 8000;
    expect(toInt16(decodeSound(Buffer.from(wavBase64, 'base64'), ''))).toEqual(toInt16(SOUND.slice(start, start + 16_000)));

    const listening = snapshots.filter((snapshot) => snapshot.listening);
    expect(listening.at(-1)).toMatchObject({
      droppedBlocks: 0,
      lostSamples: 0,
      allZero: false,
      input: { kind: 'file', label: 'tones.wav' },
    });
    expect(listening.at(-1)!.models[0]).toMatchObject({ backend: 'reference', labels: ['low', 'high', '_silence_'] });
    // Together the pictures hold every column once, in order.
    let next = 0;
    for (const { spectrogram } of snapshots) {
      if (spectrogram.columns.length === 0) continue;
      expect(spectrogram.firstColumn).toBe(next);
      next += spectrogram.columns.length;
    }
    expect(next).toBe(Math.floor((5 * 16_000) / 512) - 3);
    // At most thirty a second.
    expect(listening.length).toBeLessThan(5.5 * 30);
  });

  it('is started again when it is killed, goes on listening, and the clients stay', async () => {
    await until(hostEvent('started'));
    await client.call('listen.start', {});
    await until(() => (snapshots.some((snapshot) => snapshot.models.length > 0) ? true : undefined));
    const pending = expect(client.call('input.monitor', { on: true })).resolves.toBeUndefined();
    await pending;
    const before = child.pid;
    events = [];
    child.kill('SIGKILL');
    await until(hostEvent('died'));
    await expect(client.call('settings.get', {})).rejects.toMatchObject({ code: 'engine-restarting' });
    snapshots = [];
    await until(hostEvent('restarting'));
    await until(hostEvent('started'));
    expect(child.pid).not.toBe(before);
    await until(() => (snapshots.some((snapshot) => snapshot.listening && snapshot.blocks > 0) ? true : undefined));
    await until(() => (detections().length > 0 ? true : undefined));
    expect(detections()[0]!.label).toBe('low');
    await client.call('listen.stop', {});
    await until(() => (count('ended') > 0 ? true : undefined));
    expect((await client.call('settings.get', {})).backend).toBe('reference');
  });

  it('takes settings while it listens, and remembers them', async () => {
    await until(hostEvent('started'));
    await client.call('listen.start', {});
    await client.call('settings.set', { noise: { kind: 'white', eta: 0.5, seed: 1 } });
    const noisy = await until(() => snapshots.find(({ snrDb }) => snrDb !== null));
    expect(noisy.snrDb).toBeLessThan(-10);
    await client.call('settings.set', { models: [join(folder.path, 'tones.safetensors'), 'missing'], theme: 'dark' });
    const error = await until(() => events.find((event) => event.kind === 'error'));
    expect(error).toMatchObject({ error: { code: 'model-unknown' } });
    expect(snapshots.at(-1)!.listening).toBe(true);
    await client.call('listen.stop', {});
    await supervisor.stop();
    expect(child.exitCode).toBe(0);
    const settings = Settings.parse(JSON.parse(await readFile(join(home, 'settings.json'), 'utf8')));
    expect(settings).toMatchObject({ theme: 'dark', noise: { eta: 0.5 } });
  });

  it('sends a late client the events that it missed, and none twice', async () => {
    await until(hostEvent('started'));
    await client.call('settings.set', { theme: 'dark' });
    await client.call('settings.set', { theme: 'light' });
    const late: EngineEvent[] = [];
    const other = watchEvents(supervisor, (event) => late.push(event));
    await until(() => (late.length >= 2 ? true : undefined));
    expect(late.map((event) => event.kind === 'settings' && event.settings.theme)).toEqual(['dark', 'light']);
    other.close();
  });

  it('[negative] answers every wrong call with an error, and goes on', async () => {
    await until(hostEvent('started'));
    const call = client.call.bind(client) as (name: string, params: unknown) => Promise<unknown>;
    const { pid } = child;
    await expect(call('toString', {})).rejects.toMatchObject({ code: 'engine-call-unknown' });
    await expect(call('__proto__', {})).rejects.toMatchObject({ code: 'engine-call-unknown' });
    await expect(call('listen.feed', { base64: 5 })).rejects.toMatchObject({ code: 'engine-call-invalid' });
    await expect(call('settings.set', { noise: { kind: 'white', eta: 9, seed: 1 } })).rejects.toMatchObject({
      code: 'engine-call-invalid',
    });
    await expect(call('settings.set', { version: 1 })).rejects.toMatchObject({ code: 'engine-call-invalid' });
    await expect(call('detection.audio', { id: 1 })).rejects.toMatchObject({ code: 'recognizer-no-detection' });
    await expect(call('models.import', { name: 'x', base64: 'AAAA' })).rejects.toMatchObject({
      code: expect.stringMatching(/^model-/) as string,
    });
    await client.call('settings.set', { input: { kind: 'file', path: join(home, 'missing.wav') } });
    await expect(client.call('listen.start', {})).rejects.toMatchObject({ code: 'audio-unreadable' });
    await client.call('settings.set', { models: [join(folder.path, 'tones.safetensors')], input: { kind: 'window' } });
    await client.call('listen.start', {});
    await client.call('listen.feed', { base64: Buffer.alloc(3200, 1).toString('base64'), lost: 7 });
    await until(() => (snapshots.at(-1)?.lostSamples === 7 ? true : undefined));
    await client.call('listen.stop', {});
    expect(child.pid).toBe(pid);
  });
});
