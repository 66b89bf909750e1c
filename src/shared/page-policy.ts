/**
 * What the page may do, wherever it is served from: its own scripts, styles, pictures, fonts and audio worklets, sound and pictures
 * that it made itself, and a connection to where it came from. Nothing inline, no other place.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
