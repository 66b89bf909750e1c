/** Outputs that are no words: they are shown last and never count as heard. */
const NOT_WORDS = new Set(['silence', 'unknown', '_silence_', '_unknown_']);

export function isWord(label: string): boolean {
  return !NOT_WORDS.has(label);
}

/** `_silence_`, as data sets write it, is shown as "silence". */
export function shownLabel(label: string): string {
  return isWord(label) ? label : label.replaceAll('_', '');
}

/** Each label once: the words in the order given, then what is no word. */
export function wordsFirst(labels: readonly string[]): string[] {
  return [...new Set(labels)].sort((a, b) => Number(isWord(b)) - Number(isWord(a)));
}
