import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { WinnowError } from '../../shared/errors.js';
import type { SpokenWord } from '../recognizer/calibration.js';

const LABELS_BYTES_MAX = 16 * 2 ** 20;
const WORDS_MAX = 100_000;
const TIME_MS_MAX = 1e9;

/** `{"words": [{"label": "yes", "timeMs": 1107}, ...]}`: each word with the time of its middle; other keys are passed over. */
const WordTimes = z.object({
  words: z.array(z.object({ label: z.string().min(1).max(64), timeMs: z.number().min(0).max(TIME_MS_MAX) })).max(WORDS_MAX),
});

/** Where the words of a recording are written down: beside it, under its name with the ending `.json`. */
export function wordTimesPath(recording: string): string {
  return recording.replace(/\.[^./\\]*$/, '') + '.json';
}

/**
 * The words of a recording; null where no file tells them, which means that nothing is said in it.
 * @throws WinnowError `calibration-labels`
 */
export async function readWordTimes(recording: string): Promise<SpokenWord[] | null> {
  const path = wordTimesPath(recording);
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isFile() || found.size > LABELS_BYTES_MAX) {
    throw new WinnowError('calibration-labels', { path, reason: `it is no file of at most ${LABELS_BYTES_MAX} bytes` });
  }
  return parseWordTimes(await readFile(path, 'utf8'), path);
}

/** @throws WinnowError `calibration-labels` */
export function parseWordTimes(text: string, path: string): SpokenWord[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new WinnowError('calibration-labels', { path, reason: 'it is no JSON' });
  }
  const parsed = WordTimes.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new WinnowError('calibration-labels', { path, reason: `${issue.path.join('.') || 'the whole'}: ${issue.message}` });
  }
  return parsed.data.words.map(({ label, timeMs }) => ({ label, timeMs })).sort((a, b) => a.timeMs - b.timeMs);
}
