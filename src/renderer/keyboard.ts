/** What a key does anywhere in the application. */
export type Shortcut =
  | { readonly kind: 'listen' }
  | { readonly kind: 'noise' }
  | { readonly kind: 'presentation' }
  | { readonly kind: 'help' }
  | { readonly kind: 'screen'; readonly index: number };

/** The parts of a key event and its target that matter. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
  readonly target: { readonly tagName: string; readonly type?: string; readonly isContentEditable: boolean } | null;
}

const TYPING = new Set(['TEXTAREA', 'SELECT']);
/** Inputs that no letter or space goes into. */
const NOT_TYPED_INTO = new Set(['range', 'checkbox', 'radio']);

/**
 * The shortcut that a key stands for, or null where the key belongs to what has the focus: text fields and lists keep every
 * key, a button or a check box keeps the space bar.
 */
export function shortcutOf(press: KeyPress): Shortcut | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.repeat) return null;
  const { target, key } = press;
  if (target !== null) {
    const { tagName, type = '' } = target;
    if (target.isContentEditable || TYPING.has(tagName) || (tagName === 'INPUT' && !NOT_TYPED_INTO.has(type))) return null;
    const pressedBySpace =
      tagName === 'BUTTON' || tagName === 'A' || tagName === 'SUMMARY' || (tagName === 'INPUT' && type !== 'range');
    if (key === ' ' && pressedBySpace) return null;
  }
  if (key === ' ') return { kind: 'listen' };
  if (key === 'n' || key === 'N') return { kind: 'noise' };
  if (key === 'p' || key === 'P') return { kind: 'presentation' };
  if (key === '?') return { kind: 'help' };
  return /^[1-9]$/.test(key) ? { kind: 'screen', index: Number(key) - 1 } : null;
}
