import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_POLICY } from '../shared/page-policy.js';
import { PAGE_ORIGIN, isPage } from './page-address.js';

describe('isPage', () => {
  it('knows the page', () => {
    for (const path of ['', '/', '/index.html', '/#listen', '/?theme=dark']) expect(isPage(PAGE_ORIGIN + path)).toBe(true);
  });

  it.each([
    'app://winnow.example/',
    'app://winnow@elsewhere/',
    'app://me@winnow/',
    'https://winnow/',
    'file:///app://winnow/',
    '',
  ])('[negative] refuses %s', (address) => expect(isPage(address)).toBe(false));

  it('[negative] refuses whatever else there is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (address) => {
        expect(isPage(address)).toBe(false);
      }),
    );
  });
});

describe('PAGE_POLICY', () => {
  it('denies by default; no other origin, nothing inline, no evaluation', () => {
    expect(PAGE_POLICY).toContain("default-src 'none'");
    expect(PAGE_POLICY).not.toMatch(/https?:|unsafe|\*/);
  });
});
