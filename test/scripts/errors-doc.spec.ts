import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/project.js';

it('docs/errors.md says what the catalogue says', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/errors-doc.mjs'), '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
