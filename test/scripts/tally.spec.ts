import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../helpers/project.js';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
  skips: string[];
}
const { vitestTally, ctestTally, addTallies } = (await import(pathToFileURL(join(ROOT, 'scripts/tally.mjs')).href)) as {
  vitestTally(report: string, code: number | null): Tally;
  ctestTally(report: string, code: number | null): Tally;
  addTallies(tallies: Tally[]): Tally;
};

const folder = temporaryFolder('tally');
afterAll(() => folder.remove());

function report(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

const test = (status: string, fullName: string) => ({ status, fullName });
const vitestReport = (...testResults: object[]) => report('vitest.json', JSON.stringify({ testResults }));

describe('vitestTally', () => {
  it('counts what passed, failed and was skipped, by name', () => {
    const path = vitestReport({
      name: 'a.spec.ts',
      status: 'failed',
      assertionResults: [test('passed', 'a'), test('failed', 'b'), test('skipped', 'c'), test('pending', 'd')],
    });
    expect(vitestTally(path, 1)).toEqual({ passed: 1, failed: 1, skipped: 2, failures: ['b'], skips: ['c', 'd'] });
  });

  it('[negative] counts a file that cannot even be loaded', () => {
    const path = vitestReport({ name: 'a.spec.ts', status: 'failed', message: 'no such module\nstack', assertionResults: [] });
    expect(vitestTally(path, 1)).toMatchObject({ passed: 0, failed: 1, failures: ['a.spec.ts: no such module'] });
  });

  it('[negative] counts an error outside the tests, and a run without a report', () => {
    const path = vitestReport({ name: 'a.spec.ts', status: 'passed', assertionResults: [test('passed', 'a')] });
    expect(vitestTally(path, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(vitestTally(path, 0)).toMatchObject({ passed: 1, failed: 0 });
    expect(vitestTally(join(folder.path, 'none.json'), 0)).toMatchObject({ failed: 1 });
  });
});

describe('ctestTally', () => {
  const suite = (...cases: string[]) => report('ctest.xml', `<testsuite tests="${cases.length}">${cases.join('\n')}</testsuite>`);
  const run = (name: string, status: string) => `<testcase name="${name}" classname="${name}" time="0.1" status="${status}">`;

  it('counts what ran, failed and was skipped', () => {
    const path = suite(run('a', 'run'), run('b', 'fail'), run('c', 'notrun'));
    expect(ctestTally(path, 8)).toEqual({ passed: 1, failed: 1, skipped: 1, failures: ['b'], skips: ['c'] });
  });

  it('[negative] takes an empty run and a bad end for failures', () => {
    expect(ctestTally(suite(), 0)).toMatchObject({ failed: 1 });
    expect(ctestTally(suite(run('a', 'run')), 8)).toMatchObject({ failed: 1 });
  });
});

it('addTallies sums', () => {
  const one = { passed: 1, failed: 2, skipped: 3, failures: ['f'], skips: ['s'] };
  expect(addTallies([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6, failures: ['f', 'f'], skips: ['s', 's'] });
});
