/** Redraws per second; more is flicker. */
const REDRAW_MS = 200;
const BAR_CELLS = 24;

/** `1:05`, or `2:03:04` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** One line on a terminal's stderr with bar, rate and time left, redrawn in place; nothing where stderr is no terminal. */
export class Progress {
  private readonly shown = process.stderr.isTTY === true;
  private drawnMs = -Infinity;
  private label = '';
  private startMs = 0;
  private startDone = 0;

  /**
   * @param unit what is counted, in the plural
   * @param note stands at the end of the line
   */
  update(label: string, done: number, total: number, unit: string, note = ''): void {
    const now = performance.now();
    if (label !== this.label) {
      this.label = label;
      this.startMs = now;
      this.startDone = done;
      this.drawnMs = -Infinity;
    }
    if (!this.shown || (now - this.drawnMs < REDRAW_MS && done < total)) return;
    this.drawnMs = now;
    const rate = (done - this.startDone) / Math.max((now - this.startMs) / 1000, 1e-3);
    const left = rate > 0 ? clock((total - done) / rate) : '-:--';
    const filled = Math.round((BAR_CELLS * done) / Math.max(total, 1));
    const bar = '#'.repeat(filled).padEnd(BAR_CELLS, '.');
    const line = `${label} [${bar}] ${done}/${total} ${unit}, ${rate.toFixed(rate < 10 ? 1 : 0)}/s, ${left} left${note && `, ${note}`}`;
    process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 120) - 1)}`);
  }

  /** Clears the line, so that other text can be written. */
  clear(): void {
    if (this.shown) process.stderr.write('\r\u001b[K');
    this.label = '';
  }

  /** A line of its own, above whatever is drawn next. */
  say(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }
}
