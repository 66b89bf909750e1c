/** By how much charts are drawn larger than usual: what is drawn in pixels does not grow with the page's root font size. */
export const chartSize = $state({ scale: 1 });

/** Of the root font size in presentation size (`tokens.css`). */
export const PRESENTATION_SCALE = 1.5;
