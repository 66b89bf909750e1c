import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { WinnowError } from '../../shared/errors.js';
import {
  NO_LAB_RUN,
  type LabExperiment,
  type LabRun,
  type LabStart,
  type MatchAnswer,
  type MatchQuestion,
  type MergeNote,
} from '../../shared/lab.js';
import { EXPERIMENTS, findExperiment } from '../experiments/catalogue/index.js';
import { matchProbability, toNumber } from '../experiments/match-theory.js';
import { comparedWithOtherData, reportExperiment, tableCells } from '../experiments/report.js';
import { readResults, resultFiles } from '../experiments/results.js';
import { bundleFile, programRoot, winnowHome } from '../places.js';
import { ChildTask } from './child-task.js';
import type { LabMessage, LabOrder } from './lab-host.js';

/** Points of the theory's curve. */
const THEORY_POINTS = 24;
const THEORY_N_MAX = 1500;

/** The experiments of the Lab screen: what the documents report, what was measured here, and one run at a time. */
export class Lab {
  private current: LabRun = NO_LAB_RUN;
  private readonly task: ChildTask<LabMessage>;

  /**
   * @param changed told that there is more to see
   * @param results folder of the user's own result files
   * @param file the process to start; the bundle that ships unless told
   */
  constructor(
    changed: () => void,
    private readonly results = path.join(winnowHome(), 'results'),
    file = () => bundleFile('lab-host.cjs'),
  ) {
    this.task = new ChildTask('experiment', file, {
      told: (message) => (this.current = withMessage(this.current, message)),
      ended: (state, problem) => (this.current = { ...this.current, state, problem }),
      changed,
    });
  }

  get run(): LabRun {
    return this.current;
  }

  /** All experiments with the results that ship and the user's own. */
  list(): { experiments: LabExperiment[]; notes: MergeNote[] } {
    // The user's own first: of a unit that was run twice the first counts.
    const folders = [this.results, path.join(programRoot(), 'docs', 'results')].filter((folder) => existsSync(folder));
    const { records, notes } = readResults(folders.flatMap(resultFiles));
    const experiments = EXPERIMENTS.map((experiment): LabExperiment => {
      const report = reportExperiment(experiment, records);
      const { name, title, question, source, units, seeds, curves } = experiment;
      const runs = new Map(report.rows.map((row) => [row.unit, row.seeds.length]));
      return {
        name,
        title,
        question,
        source,
        otherData: comparedWithOtherData(experiment),
        units: units.map((unit) => unit.name),
        runs: units.length * seeds.length,
        done: units.reduce((sum, unit) => sum + (runs.get(unit.name) ?? 0), 0),
        table: tableCells(report),
        curves: curves.map(({ key, title: heading, x, y, logarithmic, published }) => ({
          key,
          title: heading,
          x,
          y,
          logarithmic: logarithmic === true,
          lines: Object.entries(report.curves[key] ?? {}).map(([unit, curve]) => ({ name: unit, ...curve })),
          published: Object.entries(published ?? {}).map(([line, points]) => ({ name: `${line} (published)`, ...points })),
        })),
      };
    });
    return { experiments, notes };
  }

  /** @throws WinnowError `lab-running`, `experiment-unknown` */
  start({ experiment, unit }: LabStart): void {
    if (this.task.isRunning) throw new WinnowError('lab-running');
    findExperiment(experiment);
    const order: LabOrder = {
      experiment,
      ...(unit === undefined ? {} : { unit }),
      out: this.results,
      dataFolder: path.resolve(process.env.WINNOW_DATA ?? path.join(programRoot(), '..', 'shared', 'data')),
      // One core stays for listening and for the page.
      threads: Math.max(1, os.availableParallelism() - 1),
    };
    this.task.start(order);
    this.current = { ...NO_LAB_RUN, state: 'running', experiment };
  }

  /** Ends the run; finished units stay. */
  stop(): void {
    this.task.stop();
  }
}

/** The run with what was told of it. */
export function withMessage(run: LabRun, message: LabMessage): LabRun {
  switch (message.type) {
    case 'unit': {
      const { unit, seed, finished, total } = message;
      return { ...run, unit, seed, finished, total, fraction: 0, text: '', live: NO_LAB_RUN.live };
    }
    case 'progress':
      return { ...run, fraction: message.fraction, text: message.text };
    case 'point':
      return { ...run, live: { x: [...run.live.x, message.x], y: [...run.live.y, message.y] } };
    case 'result':
      return { ...run, finished: run.finished + 1, fraction: 1 };
  }
}

/**
 * Eq. 3 exactly, and over n from the smallest that holds the active bits.
 * @throws WinnowError `lab-theory` for more active bits than there are
 */
export function answerMatch(question: MatchQuestion): MatchAnswer {
  const { n, a, s, theta } = question;
  if (Math.max(a, s) > n) throw new WinnowError('lab-theory', { n, active: Math.max(a, s) });
  const at = (size: number) => toNumber(matchProbability({ n: size, a, s, theta }));
  const smallest = Math.max(a, s, 1);
  const sizes = new Set(
    Array.from({ length: THEORY_POINTS }, (_, i) =>
      Math.round(smallest + (i * Math.max(0, THEORY_N_MAX - smallest)) / (THEORY_POINTS - 1)),
    ),
  );
  const points = [...sizes].map((size) => [size, at(size)] as const).filter(([, p]) => p > 0);
  return { probability: at(n), over: { n: points.map(([size]) => size), log10: points.map(([, p]) => Math.log10(p)) } };
}
