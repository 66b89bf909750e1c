import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

const TOKEN_BYTES = 32;

/** Why a request is not served: a status and one word for the log; the answer says no more. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly reason: 'token' | 'origin' | 'host';
}

/**
 * Who may use the page. Every request must carry the token, in the address or in the cookie that the page's first load sets;
 * must name this server by an IP address, `localhost` or a name given at the start (a name of someone else's, pointed at this
 * machine, is how a web page elsewhere would get in); and must not come from another origin.
 */
export class Access {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  private readonly digest = digest(this.token);
  private readonly names: ReadonlySet<string>;

  /** @param names host names, beside `localhost` and this machine's, that the page may be asked for by */
  constructor(names: readonly string[] = []) {
    this.names = new Set(['localhost', hostname().toLowerCase(), ...names.map((name) => name.toLowerCase())]);
  }

  /** Why this request is refused, or undefined if it may pass. */
  check(request: IncomingMessage): Refusal | undefined {
    const { host, origin } = request.headers;
    if (host === undefined || !this.knows(host)) return { status: 421, reason: 'host' };
    if (origin !== undefined && origin !== `http://${host}`) return { status: 403, reason: 'origin' };
    if (!this.holdsToken(request)) return { status: 401, reason: 'token' };
    return undefined;
  }

  /** The cookie that carries the token from the page's first load on. Named by port: cookies are shared between ports. */
  cookie(port: number): string {
    return `${cookieName(port)}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  private knows(host: string): boolean {
    let name: string;
    try {
      name = new URL(`http://${host}/`).hostname;
    } catch {
      return false;
    }
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.names.has(name);
  }

  private holdsToken(request: IncomingMessage): boolean {
    const given = tokenOfAddress(request.url) ?? tokenOfCookie(request);
    // Digests have one length, so the comparison takes the same time whatever was given.
    return given !== undefined && timingSafeEqual(digest(given), this.digest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function cookieName(port: number | undefined): string {
  return `winnow-${port ?? 0}`;
}

function tokenOfAddress(url: string | undefined): string | undefined {
  return /[?&]token=([A-Za-z0-9_-]{1,128})(?:&|$)/.exec(url ?? '')?.[1];
}

function tokenOfCookie(request: IncomingMessage): string | undefined {
  const wanted = cookieName(request.socket.localPort);
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted) return value;
  }
  return undefined;
}
