import type { ResultRecord } from '../results.js';

/** What a runner hands back; the rest of a result record is the same for all. */
export type UnitOutcome = Pick<ResultRecord, 'spec' | 'dataHash' | 'metrics' | 'bestOnTest' | 'curves'>;
