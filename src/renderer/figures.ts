/** How numbers are written, everywhere the same. A value that is not there is an en dash. */
export const NONE = '–';
/** Between a figure and its unit, so that no line ends between them. */
const SPACE = '\u00a0';

export function percent(fraction: number | undefined, digits = 1): string {
  return fraction === undefined || !Number.isFinite(fraction) ? NONE : `${(fraction * 100).toFixed(digits)}${SPACE}%`;
}

/** With a minus sign that is one, and none before a zero. */
export function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace('-', '−');
}

export function decibels(value: number | null, digits = 0): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return `${signed(value, digits)}${SPACE}dB`;
}

/** 1600, 12.3 k, 4.56 M: exact where it is short, else three figures. */
export function count(value: number): string {
  if (value < 9999.5) return String(Math.round(value));
  const [scaled, unit] = value < 999_500 ? [value / 1e3, 'k'] : value < 999_500_000 ? [value / 1e6, 'M'] : [value / 1e9, 'G'];
  return `${scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)}${SPACE}${unit}`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${Math.round(value / 1000)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

/** Stream time as minutes, seconds and tenths. */
export function streamTime(ms: number): string {
  const tenths = Math.round(ms / 100);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths - minutes * 600) / 10).toFixed(1).padStart(4, '0')}`;
}

/** "15.1 times fewer", "as many": multiplies done against those of a dense network. */
export function timesFewer(done: number, dense: number): string {
  if (done <= 0 || dense <= 0) return NONE;
  const ratio = dense / done;
  if (ratio < 1.05) return 'as many';
  return `${ratio.toFixed(ratio < 99.5 ? 1 : 0)}× fewer`;
}
