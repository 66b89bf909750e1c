import { resolve, sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_ORIGIN, PAGE_POLICY, isPage, mediaType, pageFile } from './page-address.js';

const FOLDER = resolve('/somewhere/out/renderer');

describe('pageFile', () => {
  it('finds the page and its parts', () => {
    expect(pageFile(FOLDER, `${PAGE_ORIGIN}/`)).toBe(resolve(FOLDER, 'index.html'));
    expect(pageFile(FOLDER, `${PAGE_ORIGIN}/assets/a.js?x=1#y`)).toBe(resolve(FOLDER, 'assets/a.js'));
  });

  it.each([
    ['another host', 'app://elsewhere/index.html'],
    ['another scheme', 'file:///somewhere/out/renderer/index.html'],
    ['no address', 'index.html'],
    ['a broken escape', `${PAGE_ORIGIN}/%E0%A4%A`],
    ['a climb in escapes', `${PAGE_ORIGIN}/%2e%2e%2f%2e%2e%2fetc/passwd`],
    ['a climb with backslashes', `${PAGE_ORIGIN}/..%5c..%5cboot.ini`],
    ['a zero byte', `${PAGE_ORIGIN}/index.html%00.png`],
  ])('[negative] refuses %s', (_what, address) => {
    expect(pageFile(FOLDER, address)).toBeUndefined();
  });

  it('never leaves the folder, whatever the address', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '%2e%2e', '%2f', '%5c', '//', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const file = pageFile(FOLDER, `${PAGE_ORIGIN}/${parts.join('/')}`);
        if (file !== undefined) expect(file.startsWith(FOLDER + sep)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isPage', () => {
  it('knows the page by scheme and host, not by how the address begins', () => {
    expect(isPage(`${PAGE_ORIGIN}/#listen`)).toBe(true);
    expect(isPage('app://winnow.example/')).toBe(false);
    expect(isPage('app://winnow@elsewhere/')).toBe(false);
    expect(isPage('https://winnow/')).toBe(false);
    expect(isPage('')).toBe(false);
  });
});

describe('PAGE_POLICY', () => {
  it('denies by default, inline scripts and other origins included', () => {
    expect(PAGE_POLICY).toContain("default-src 'none'");
    expect(PAGE_POLICY).toContain("script-src 'self';");
    expect(PAGE_POLICY).not.toMatch(/https?:|unsafe-eval|\*/);
  });
});

describe('mediaType', () => {
  it('names scripts so that a browser runs them, and the unknown as bytes', () => {
    expect(mediaType('/a/b.js')).toMatch('text/javascript');
    expect(mediaType('/a/b')).toBe('application/octet-stream');
  });
});
