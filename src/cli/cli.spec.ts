import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../test/helpers/bundle.js';
import { ROOT, temporaryFolder } from '../../test/helpers/project.js';
import { HIGH_HZ, LOW_HZ, toneModel, toneSound } from '../../test/helpers/tones.js';
import { DEFAULT_SETTINGS } from '../shared/contract.js';
import { keepRoom } from '../worker/audio/recorded-room.js';
import { encodeWav } from '../worker/audio/wav.js';
import { writeModelFile } from '../worker/network/model-file.js';

const folder = temporaryFolder('cli');
const file = (name: string): string => join(folder.path, name);
let program: Awaited<ReturnType<typeof bundle>>;

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly json: readonly Record<string, unknown>[];
  readonly stderr: string;
}

/** Runs the command line; `interruptAfter` sends Ctrl-C at the first line of either stream that matches. */
function winnow(args: readonly string[], interruptAfter?: RegExp): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program.path('cli'), ...args], {
      env: { ...process.env, WINNOW_HOME: file('home') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let interrupted = false;
    const look = (): void => {
      if (interrupted || !interruptAfter?.test(stdout + stderr)) return;
      interrupted = true;
      child.kill('SIGINT');
    };
    child.stdout.on('data', (text) => {
      stdout += String(text);
      look();
    });
    child.stderr.on('data', (text) => {
      stderr += String(text);
      look();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = stdout.split('\n').filter((line) => line !== '');
      const json = lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
      resolve({ code, lines, json, stderr });
    });
  });
}

beforeAll(async () => {
  program = await bundle({ cli: join(ROOT, 'src/cli/index.ts') });
  await mkdir(file('home'));
  // The tones' network is sure of itself for a shorter time than one that was trained.
  const decision = { ...DEFAULT_SETTINGS.decision, smoothingMs: 96 };
  await writeFile(file('home/settings.json'), JSON.stringify({ ...DEFAULT_SETTINGS, decision }));
  await writeModelFile(file('tones.safetensors'), toneModel());
  await writeFile(
    file('tones.wav'),
    encodeWav(
      toneSound(4, [
        [0.8, LOW_HZ],
        [2.4, HIGH_HZ],
      ]),
    ),
  );
  await writeFile(file('low.wav'), encodeWav(toneSound(1, [[0.25, LOW_HZ]])));
  await writeFile(file('text.wav'), 'not a sound');
  await writeFile(file('empty.wav'), '');
});
afterAll(() => {
  program.remove();
  folder.remove();
});

const MODEL = ['--model', join(folder.path, 'tones.safetensors'), '--backend', 'reference'];

describe('winnow', () => {
  it('tells its version and its commands, and what it does not know', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await winnow(['--version'])).toMatchObject({ code: 0, lines: [version] });
    const help = await winnow(['help']);
    expect(help.code).toBe(0);
    for (const command of ['listen', 'classify', 'train', 'evaluate', 'model', 'serve']) {
      expect(help.lines.some((line) => line.startsWith(`  ${command} `))).toBe(true);
    }
    expect((await winnow(['help', 'listen'])).lines.join()).toContain('--exec');
    expect(await winnow([])).toMatchObject({ code: 2 });
    const unknown = await winnow(['lisen', '--json']);
    expect([unknown.code, unknown.lines, JSON.parse(unknown.stderr)]).toEqual([
      2,
      [],
      { error: expect.objectContaining({ code: 'cli-no-command', cause: 'There is no command "lisen".' }) as unknown },
    ]);
  });
});

describe('winnow listen', () => {
  it('prints the words and the summary, the same at any speed', async () => {
    const args = ['listen', '--input', file('tones.wav'), ...MODEL, '--json'];
    const [fast, real] = await Promise.all([winnow([...args, '--fast']), winnow(args)]);
    expect([fast.code, real.code]).toEqual([0, 0]);
    const words = fast.json.slice(0, -1);
    expect(words).toEqual([
      {
        event: 'detection',
        timeMs: expect.any(Number),
        firedMs: expect.any(Number),
        label: 'low',
        confidence: expect.any(Number),
      },
      {
        event: 'detection',
        timeMs: expect.any(Number),
        firedMs: expect.any(Number),
        label: 'high',
        confidence: expect.any(Number),
      },
    ]);
    expect(Math.abs((words[0]!['timeMs'] as number) - 1050)).toBeLessThan(250);
    expect(Math.abs((words[1]!['timeMs'] as number) - 2650)).toBeLessThan(250);
    expect(real.json.slice(0, -1)).toEqual(words);
    for (const { json } of [fast, real]) {
      expect(json.at(-1)).toEqual({
        event: 'summary',
        seconds: 4,
        blocks: 125,
        dropped: 0,
        late: expect.any(Number),
        detections: 2,
        latencyMsP50: expect.any(Number),
        latencyMsP95: expect.any(Number),
      });
    }
  });

  it('ends with the summary on Ctrl-C', async () => {
    const { code, json } = await winnow(['listen', '--input', file('tones.wav'), ...MODEL, '--json'], /"low"/);
    expect(code).toBe(0);
    expect(json.map(({ event }) => event)).toEqual(['detection', 'summary']);
    expect(json[1]!['seconds']).toBeLessThan(4);
  });

  it('runs the program of --exec for each word', async () => {
    const out = file('heard');
    const script = `require('fs').appendFileSync(${JSON.stringify(out)}, process.argv[1] + ' ' + process.env.WINNOW_LABEL + '\\n')`;
    const exec = ['--exec', process.execPath, '-e', script, '{label}'];
    const { code } = await winnow(['listen', '--input', file('tones.wav'), ...MODEL, ...exec]);
    expect(code).toBe(0);
    while (!existsSync(out) || readFileSync(out, 'utf8').split('\n').length < 3) await new Promise((r) => setTimeout(r, 20));
    expect(readFileSync(out, 'utf8')).toBe('low low\nhigh high\n');
  });

  it('hears less in noise, and lets several models listen side by side', async () => {
    const args = ['listen', '--input', file('tones.wav'), ...MODEL, '--fast', '--json'];
    const noisy = await winnow([...args, '--noise', 'white', '--eta', '0.5', '--seed', '3']);
    expect(noisy.json.at(-1)).toMatchObject({ event: 'summary', detections: 0 });
    await writeModelFile(file('other.safetensors'), { ...toneModel(), name: 'other' });
    const both = await winnow([...args, '--model', file('other.safetensors')]);
    expect(both.json.slice(0, -1).map(({ label, model }) => [label, model])).toEqual([
      ['low', file('tones.safetensors')],
      ['low', file('other.safetensors')],
      ['high', file('tones.safetensors')],
      ['high', file('other.safetensors')],
    ]);
  });

  it.each([
    ['a file that is none', ['--input', 'text.wav'], 2, 'audio-unknown-format'],
    ['an empty file', ['--input', 'empty.wav'], 2, 'audio-empty'],
    ['a missing file', ['--input', 'missing.wav'], 2, 'audio-unreadable'],
    ['noise without a level', ['--input', 'low.wav', '--noise', 'pink'], 2, 'usage'],
    ['a room that nobody recorded', ['--input', 'low.wav', '--noise', 'room', '--eta', '0.2'], 2, 'audio-noise-room-missing'],
    ['a level out of range', ['--input', 'low.wav', '--eta', '0.6'], 2, 'usage'],
    ['a back end that does not exist', ['--input', 'low.wav', '--backend', 'gpu'], 2, 'usage'],
    ['a model that does not exist', ['--input', 'low.wav', '--model', 'nobody'], 2, 'model-unknown'],
    ['--exec without a program', ['--exec'], 2, 'usage'],
    ['an unknown option', ['--louder'], 2, 'usage'],
  ])('[negative] refuses %s', async (_, args, code, error) => {
    const named = args.map((arg) => (arg.endsWith('.wav') ? file(arg) : arg));
    const outcome = await winnow(['listen', '--model', file('tones.safetensors'), '--json', ...named]);
    expect(
      (JSON.parse(outcome.stderr.split('\n').filter((line) => line.startsWith('{'))[0]!) as { error: { code: string } }).error
        .code,
    ).toBe(error);
    expect(outcome.code).toBe(code);
    expect(outcome.lines).toEqual([]);
  });
});

describe('winnow classify', () => {
  it('prints the word, the scores and what each layer did', async () => {
    const { code, json } = await winnow(['classify', file('low.wav'), file('tones.wav'), ...MODEL, '--json']);
    expect(code).toBe(0);
    expect(json).toHaveLength(2);
    expect(Object.keys(json[0]!)).toEqual(['file', 'label', 'confidence', 'scores', 'layers', 'ms']);
    expect(json[0]).toMatchObject({ file: file('low.wav'), label: 'low' });
    expect(json[0]!['layers']).toEqual([{ name: 'output', size: 3, active: 3, multiplies: 3 * 1024, denseMultiplies: 3 * 1024 }]);
    const scores = json[0]!['scores'] as Record<string, number>;
    expect(Object.keys(scores)).toEqual(['low', 'high', '_silence_']);
    expect(scores['low']).toBe(json[0]!['confidence']);
  });

  it('repeats noise exactly, and differs between seeds and files', async () => {
    const run = async (seed: string): Promise<unknown> =>
      (await winnow(['classify', file('low.wav'), ...MODEL, '--json', '--noise', 'white', '--eta', '0.2', '--seed', seed]))
        .json[0]!['scores'];
    const [a, again, b] = await Promise.all([run('1'), run('1'), run('2')]);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
  });

  it('takes its noise from the room that was recorded last', async () => {
    const scores = async (...noise: string[]): Promise<unknown> =>
      (await winnow(['classify', file('low.wav'), ...MODEL, '--json', ...noise])).json[0]!['scores'];
    const tone = (hertz: number) => toneSound(2, [[0, hertz]]);
    for (const hertz of [LOW_HZ, HIGH_HZ]) await keepRoom(tone(hertz), file('home/rooms'));
    const noisy = await scores('--noise', 'room', '--eta', '0.4');
    expect(noisy).not.toEqual(await scores());
    expect(await scores('--noise', 'room', '--eta', '0.4')).toEqual(noisy);
    await rm(file('home/rooms'), { recursive: true });
  });

  it('goes through a longer file hop by hop with --all', async () => {
    const { json } = await winnow(['classify', file('tones.wav'), '--all', ...MODEL, '--json']);
    expect(json.map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 91 }, (_, i) => 560 + 32 * i));
    const at = (timeMs: number): unknown => json.find((line) => Math.abs((line['timeMs'] as number) - timeMs) <= 16)!['label'];
    expect([at(1050), at(1850), at(2650)]).toEqual(['low', '_silence_', 'high']);
  });

  it('[negative] says what it cannot read, and needs a file', async () => {
    const bad = await winnow(['classify', file('text.wav'), ...MODEL]);
    expect([bad.code, bad.lines]).toEqual([2, []]);
    expect(bad.stderr).toMatch(/^error \[audio-unknown-format\] .+\n {2}.+/m);
    expect((await winnow(['classify', ...MODEL])).code).toBe(2);
  });
});

const shipped =
  existsSync(join(ROOT, 'resources/models/commands-sparse.safetensors')) && existsSync(join(ROOT, 'resources/clips/demo.json'));
if (!shipped) console.log('left out: the shipped models on the shipped clips (they are not there)');

describe.skipIf(!shipped)('the shipped models on the shipped clips', () => {
  const words = shipped
    ? (
        JSON.parse(readFileSync(join(ROOT, 'resources/clips/demo.json'), 'utf8')) as {
          words: { label: string; timeMs: number }[];
        }
      ).words
    : [];

  it.each(['commands-sparse', 'commands-dense'])('%s hears the demonstration', async (model) => {
    const { code, json } = await winnow(['listen', '--input', 'demo', '--clip', 'demo', '--model', model, '--fast', '--json']);
    expect(code).toBe(0);
    const heard = json.slice(0, -1) as { label: string; timeMs: number }[];
    const right = words.filter(({ label, timeMs }) => heard.some((h) => h.label === label && Math.abs(h.timeMs - timeMs) < 600));
    expect(right.length).toBeGreaterThanOrEqual(words.length * 0.75);
    expect(heard.length - right.length).toBeLessThanOrEqual(words.length * 0.25);
    expect(json.at(-1)).toMatchObject({ dropped: 0 });
  });
});
