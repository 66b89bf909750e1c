import type { AudioDevice } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import { askProgram, findProgram } from './programs.js';

/** Programs that can record, best first; names as node-record-lpcm16 knows them. */
export const RECORDER_PROGRAMS = process.platform === 'linux' ? (['arecord', 'sox'] as const) : (['sox'] as const);
export type RecorderProgram = 'arecord' | 'sox';

/** What a device can be called. It becomes an argument or an environment variable of the recorder: never an option. */
const DEVICE_NAME = /^[A-Za-z0-9_][\w .:,;=@+/()-]{0,255}$/;
/** PCMs of `arecord -L` that take any rate and number of channels; the raw ones often do not. */
const CONVERTING_PCMS = /^(default|pulse|pipewire|jack|sysdefault:|plughw:)/;
const DEVICES_MAX = 64;

/** @throws WinnowError `audio-device-unknown` */
export function checkDeviceName(device: string): void {
  if (!DEVICE_NAME.test(device)) throw new WinnowError('audio-device-unknown', { device });
}

/** The first program there is. @throws WinnowError `audio-recorder-missing` */
export async function findRecorder(): Promise<RecorderProgram> {
  for (const program of RECORDER_PROGRAMS) if (await findProgram(program)) return program;
  throw new WinnowError('audio-recorder-missing', { programs: RECORDER_PROGRAMS.join(', ') });
}

/** `arecord -L`: names at the line's start, what they are on indented lines below. */
export function parseDeviceList(text: string): AudioDevice[] {
  const devices: { id: string; label: string }[] = [];
  for (const line of text.split('\n')) {
    if (/^\s/.test(line)) {
      const device = devices.at(-1);
      const words = line.trim();
      if (device && words !== '') device.label = device.label === device.id ? words : `${device.label}: ${words}`;
    } else if (line !== '') {
      devices.push({ id: line, label: line });
    }
  }
  return devices.filter(({ id }) => CONVERTING_PCMS.test(id) && DEVICE_NAME.test(id)).slice(0, DEVICES_MAX);
}

/** Microphones to choose from; with sox, or when the list cannot be had, only the system's default. */
export async function listDevices(): Promise<{ devices: AudioDevice[]; problem?: ErrorReport }> {
  let program: RecorderProgram;
  try {
    program = await findRecorder();
  } catch (error) {
    return { devices: [], problem: WinnowError.from(error).report() };
  }
  if (program !== 'arecord') return { devices: [] };
  const answer = await askProgram('arecord', ['-L']);
  if (answer === null) {
    const problem = new WinnowError('audio-recorder-failed', { program: 'arecord', reason: 'it does not list its devices' });
    return { devices: [], problem: problem.report() };
  }
  return { devices: parseDeviceList(answer) };
}
