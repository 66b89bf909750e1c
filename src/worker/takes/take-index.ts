import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../atomic-file.js';

const INDEX_FILE = 'index.json';

export const TAKE_SOURCES = ['microphone', 'file', 'detection'] as const;
export type TakeSource = (typeof TAKE_SOURCES)[number];

const Entry = z.strictObject({
  bytes: z.int().nonnegative(),
  modifiedMs: z.number(),
  /** Of the samples: what duplicates are told by. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  seconds: z.number().nonnegative(),
  levelDb: z.number().nullable(),
  problems: z.array(z.enum(['silent', 'no-speech', 'too-quiet', 'clipped', 'too-long', 'unreadable'])),
  source: z.enum(TAKE_SOURCES),
});
export type TakeEntry = z.infer<typeof Entry>;

const Index = z.strictObject({ version: z.literal(1), takes: z.record(z.string(), Entry) });

/**
 * What is known of the takes in a folder, by `word/file name`. It saves looking into every file at each start, no more: files
 * decide what is there, and an index that is damaged or missing is made again from them.
 */
export async function readTakeIndex(folder: string): Promise<Map<string, TakeEntry>> {
  try {
    const text = await readFile(join(folder, INDEX_FILE), 'utf8');
    return new Map(Object.entries(Index.parse(JSON.parse(text)).takes));
  } catch {
    return new Map();
  }
}

/** Whole or not at all. */
export async function writeTakeIndex(folder: string, takes: ReadonlyMap<string, TakeEntry>): Promise<void> {
  const sorted = [...takes].sort(([a], [b]) => (a < b ? -1 : 1));
  await writeFileAtomically(
    join(folder, INDEX_FILE),
    `${JSON.stringify({ version: 1, takes: Object.fromEntries(sorted) }, null, 1)}\n`,
  );
}
