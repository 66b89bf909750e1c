import { setTimeout as sleep } from 'node:timers/promises';
import type { EnergyCounters } from './energy.js';
import type { Calls } from './peer.js';

/** How long peers are measured. */
export interface Effort {
  /** All groups together; a group that has had its share ends after the round under way. */
  readonly totalMs: number;
  /** One peer in one round. */
  readonly segmentMs: number;
}

export const QUICK: Effort = { totalMs: 20_000, segmentMs: 50 };
export const THOROUGH: Effort = { totalMs: 200_000, segmentMs: 100 };

/** Before each segment: threads of the peer before it that still wait for work, turning, go to sleep. */
const PAUSE_MS = 10;
/** Untimed calls before each segment: caches, branch predictors and threads of this peer awake. */
const WARM_CALLS_MAX = 20;
const WARM_MS = 5;

/** What one group has of it. */
export interface Share {
  readonly groupMs: number;
  readonly segmentMs: number;
}

export interface Timing {
  /** Of each timed call. */
  readonly callUs: readonly number[];
  /** Time of all processors that this process spent meanwhile, seconds; that of threads that wait, turning, too. */
  readonly cpuSeconds: number;
  /** Null without energy counters. */
  readonly joules: number | null;
}

/**
 * Times peers against each other: round after round each runs for a while, in turns that begin with another one each time, so
 * that whatever else the machine does meets all of them.
 * @param stopped asked between segments; when true, nothing is returned
 */
export async function measureTogether(
  peers: readonly Calls[],
  { groupMs, segmentMs }: Share,
  energy: EnergyCounters | null,
  stopped: () => boolean,
): Promise<Timing[]> {
  const callUs: number[][] = peers.map(() => []);
  const joules = peers.map(() => 0);
  const cpuUs = peers.map(() => 0);
  const next = peers.map(() => 0);
  const start = performance.now();
  for (let round = 0; round === 0 || performance.now() - start < groupMs; round++) {
    for (let turn = 0; turn < peers.length; turn++) {
      if (stopped()) return [];
      const which = (round + turn) % peers.length;
      await sleep(PAUSE_MS);
      const call = (): unknown => peers[which]!.run(next[which]!++ % peers[which]!.count);
      await warmUp(call, callUs[which]!.at(-1));
      const before = energy?.read();
      const cpuBefore = process.cpuUsage();
      const segmentStart = performance.now();
      let now = segmentStart;
      do {
        const called = now;
        const pending = call();
        if (pending instanceof Promise) await pending;
        now = performance.now();
        callUs[which]!.push((now - called) * 1000);
      } while (now - segmentStart < segmentMs);
      const cpu = process.cpuUsage(cpuBefore);
      cpuUs[which]! += cpu.user + cpu.system;
      if (energy && before) joules[which]! += energy.since(before);
    }
  }
  return peers.map((_, i) => ({ callUs: callUs[i]!, cpuSeconds: cpuUs[i]! / 1e6, joules: energy ? joules[i]! : null }));
}

/** A call that takes longer than the warm-up was warm by its own end the last time. */
async function warmUp(call: () => unknown, lastUs: number | undefined): Promise<void> {
  if (lastUs !== undefined && lastUs > 1000 * WARM_MS) return;
  const start = performance.now();
  for (let i = 0; i < WARM_CALLS_MAX && performance.now() - start < WARM_MS; i++) await call();
}
