export const BACKOFF_FIRST_MS = 250;
export const BACKOFF_LARGEST_MS = 8000;
/** Each delay is drawn from [1 - this, 1] of the nominal one, so that many pages do not return in step. */
export const BACKOFF_JITTER = 0.3;

/** The wait before attempt `attempt` (from 0), in ms: doubles up to the largest. `random` lies in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const nominal = Math.min(BACKOFF_LARGEST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.round(nominal * (1 - BACKOFF_JITTER * random));
}
