export const PAGE_SCHEME = 'app';
const PAGE_HOST = 'winnow';
export const PAGE_ORIGIN = `${PAGE_SCHEME}://${PAGE_HOST}`;

/** Whether an address is the page's own: by scheme and host, not by how it begins. */
export function isPage(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === `${PAGE_SCHEME}:` && url.host === PAGE_HOST && url.username === '' && url.password === '';
  } catch {
    return false;
  }
}
