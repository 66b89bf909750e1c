import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clipOf } from '../../../test/helpers/clips.js';
import { temporaryFolder } from '../../../test/helpers/project.js';
import type { ClipsOpening, ClipSource } from '../../shared/study.js';
import { ReferenceBackend } from '../network/reference.js';
import { readModelFile } from '../network/model-file.js';
import { ClipJudge } from './clip-judge.js';

/** More than are decoded before progress is told. */
const CLIPS = 250;

describe('opening a list of clips', () => {
  const folder = temporaryFolder('clip-judge');
  const many: ClipSource = { kind: 'folder', path: join(folder.path, 'many') };
  const judge = new ClipJudge(
    { load: readModelFile, openBackend: async (_, model) => ({ backend: new ReferenceBackend(model) }) },
    () => undefined,
  );

  beforeAll(() => {
    vi.stubEnv('WINNOW_CACHE', join(folder.path, 'cache'));
    mkdirSync(join(folder.path, 'many', 'yes'), { recursive: true });
    for (let i = 0; i < CLIPS; i++) copyFileSync(clipOf('yes'), join(folder.path, 'many', 'yes', `${i}.wav`));
  });
  afterAll(async () => {
    await judge.close();
    vi.unstubAllEnvs();
    folder.remove();
  });

  /** Opens the list and looks again and again how far it is. */
  async function opening(look: (opening: ClipsOpening) => void) {
    let ended = false;
    const list = judge.open(many).finally(() => (ended = true));
    // Told to the caller, after the last look.
    list.catch(() => undefined);
    while (!ended) {
      if (judge.opening) look(judge.opening);
      await new Promise(setImmediate);
    }
    return list;
  }

  it('ends for a list that nobody wants any longer, and reads the one that is asked for then', async () => {
    let shipped: ReturnType<ClipJudge['open']> | undefined;
    const opened = opening(({ done }) => {
      if (done > 0) shipped ??= judge.open({ kind: 'shipped' });
    });
    await expect(opened).rejects.toMatchObject({ code: 'study-superseded' });
    expect((await shipped!).clips.length).toBeGreaterThan(0);
    expect(judge.opening).toBeNull();
  });

  it('tells how far it is', async () => {
    const told = new Set<string>();
    const { clips } = await opening(({ done, total }) => told.add(`${done} of ${total}`));
    expect([...told]).toEqual(expect.arrayContaining([`100 of ${CLIPS}`, `200 of ${CLIPS}`]));
    expect(clips).toHaveLength(CLIPS);
    expect(judge.opening).toBeNull();
  });
});
