/** Bins of the histogram: each 1 % wider than the one before, from 1 microsecond to beyond a minute. */
const FIRST_BIN_MS = 0.001;
const BIN_RATIO = 1.01;
const BINS = 1850;
const LOG_RATIO = Math.log(BIN_RATIO);

/** Durations of any number of measurements in constant memory; quantiles are right to 1 %. */
export class LatencyHistogram {
  private readonly bins = new Uint32Array(BINS);
  private total = 0;

  add(ms: number): void {
    const bin = ms <= FIRST_BIN_MS ? 0 : Math.floor(Math.log(ms / FIRST_BIN_MS) / LOG_RATIO);
    this.bins[Math.min(bin, BINS - 1)]!++;
    this.total++;
  }

  get count(): number {
    return this.total;
  }

  /** The duration that the fraction `q` of all measurements does not exceed; 0 without any. */
  quantile(q: number): number {
    if (this.total === 0) return 0;
    const rank = Math.max(1, Math.ceil(q * this.total));
    let seen = 0;
    let bin = 0;
    while ((seen += this.bins[bin]!) < rank) bin++;
    return FIRST_BIN_MS * BIN_RATIO ** (bin + 0.5);
  }
}

/** How often something happens: events within the last second. */
export class Rate {
  private times: number[] = [];

  add(nowMs: number): void {
    this.times.push(nowMs);
    this.forget(nowMs);
  }

  perSecond(nowMs: number): number {
    this.forget(nowMs);
    return this.times.length;
  }

  private forget(nowMs: number): void {
    const kept = this.times.findIndex((time) => time > nowMs - 1000);
    this.times = kept < 0 ? [] : this.times.slice(kept);
  }
}
