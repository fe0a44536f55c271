import type { IncomingMessage } from "node:http";

/** The host that the request names, without its port where it has the usual one. */
function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? "").toLowerCase();
}

/** Browsers share cookies between the ports of a host, so each port has a name of its own. */
function cookieName(request: IncomingMessage): string {
  return `codex_auth_${/:(\d+)$/.exec(hostOf(request))?.[1] ?? "page"}`;
}

export function sessionCookie(request: IncomingMessage): string | null {
  const name = cookieName(request);
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key = "", value = ""] = pair.trim().split("=", 2);
    if (key === name && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

export interface CookieLife {
  /** 0 ends it. */
  readonly seconds: number;
  /** Where the page is reached by TLS. */
  readonly isSecure: boolean;
}

export function setCookie(
  request: IncomingMessage,
  token: string,
  { seconds, isSecure }: CookieLife,
): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/**
 * Whether a browser sent it for a page that is not ours. A page of ours names its own origin with everything that
 * changes something; programs name none.
 */
export function isForeignPage(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (origin !== undefined && originHost(origin) !== hostOf(request)) return true;
  if (site === undefined || site === "same-origin" || site === "none") return false;
  // Somebody followed a link to the page; the cookie stays away, so this shows the sign-in at most.
  return request.headers["sec-fetch-mode"] !== "navigate" || request.method !== "GET";
}

/** A cookie counts for a change only where the browser says that our own page asks, in JSON. */
export function isOwnForm(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const type = request.headers["content-type"] ?? "";
  return origin !== undefined && originHost(origin) === hostOf(request) && /^application\/json\b/.test(type);
}

function originHost(origin: string): string | null {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  return match?.[1]?.toLowerCase() ?? null;
}
