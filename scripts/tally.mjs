// What the test runners report, as counts and names.
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[], skips: string[] }} Tally */

/** @returns {Tally} */
export const emptyTally = () => ({ passed: 0, failed: 0, skipped: 0, failures: [], skips: [] });

export const failedTally = (failure) => ({ ...emptyTally(), failed: 1, failures: [failure] });

export function addTallies(tallies) {
  const sum = emptyTally();
  for (const tally of tallies) {
    for (const key of Object.keys(sum)) sum[key] = Array.isArray(sum[key]) ? [...sum[key], ...tally[key]] : sum[key] + tally[key];
  }
  return sum;
}

/** A file that ends before its tests are known, and a run that ends badly with every test passed, count as one failure each. */
export function vitestTally(reportPath, code) {
  if (!existsSync(reportPath)) return failedTally(`vitest ended without a report (status ${code})`);
  const { testResults } = JSON.parse(readFileSync(reportPath, 'utf8'));
  const tally = emptyTally();
  for (const file of testResults) {
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') {
        tally.failed += 1;
        tally.failures.push(fullName);
      } else {
        tally.skipped += 1;
        tally.skips.push(fullName);
      }
    }
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      tally.failed += 1;
      tally.failures.push(`${file.name}: ${(file.message ?? '').split('\n')[0]}`);
    }
  }
  if (code !== 0 && tally.failed === 0) {
    tally.failed += 1;
    tally.failures.push(`vitest ended with status ${code} (an error outside the tests: see its output)`);
  }
  return tally;
}

/** Reads ctest's JUnit report. */
export function ctestTally(reportPath, code) {
  if (!existsSync(reportPath)) return failedTally(`ctest ended without a report (status ${code})`);
  const report = readFileSync(reportPath, 'utf8');
  const tally = emptyTally();
  for (const [, name, status] of report.matchAll(/<testcase name="([^"]*)"[^>]*? status="([^"]*)"/g)) {
    if (status === 'run') tally.passed += 1;
    else if (status === 'fail') {
      tally.failed += 1;
      tally.failures.push(name);
    } else {
      tally.skipped += 1;
      tally.skips.push(name);
    }
  }
  if (tally.passed + tally.failed === 0) return failedTally('ctest found no tests');
  if (code !== 0 && tally.failed === 0) return { ...tally, failed: 1, failures: [`ctest ended with status ${code}`] };
  return tally;
}
