import { networkCode } from "./network-failure.ts";
import type { Fetch } from "./network-failure.ts";

/** What became of a question without credentials. */
export type Reached = { origin: Origin; url: string } & (
  | { kind: "answered"; status: number; isPage: boolean; location: string | null; dateMs: number | null }
  | { kind: "failed"; trouble: Trouble; code: string }
);

/** Of which service. */
export type Origin = "backend" | "issuer" | "api";

export type Trouble =
  | "timeout"
  | "name"
  | "refused"
  | "tls"
  | "cut"
  | "route"
  | "proxy"
  | "no-proxy"
  | "no-way"
  | "other";

const timeoutMs = 10_000;

/** Asks one address, and says how far the question came. Never throws, and ends after ten seconds. */
export async function reach(fetch: Fetch, origin: Origin, url: string): Promise<Reached> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    void response.body?.cancel().catch(() => undefined);
    const { status, headers } = response;
    const dateMs = Date.parse(headers.get("date") ?? "");
    return {
      origin,
      url,
      kind: "answered",
      status,
      isPage: (headers.get("content-type") ?? "").startsWith("text/html"),
      location: headers.get("location"),
      dateMs: Number.isNaN(dateMs) ? null : dateMs,
    };
  } catch (error) {
    const code = networkCode(error);
    return { origin, url, kind: "failed", trouble: troubleOf(code), code };
  }
}

const troubles: readonly [Trouble, RegExp][] = [
  ["proxy", /^PROXY_HTTP_/],
  ["no-way", /^PROXY_UNSUPPORTED$/],
  ["no-proxy", /^PROXY_/],
  ["timeout", /^(?:TimeoutError|AbortError|ETIMEDOUT|UND_ERR_\w{1,40}_TIMEOUT)$/],
  ["name", /^(?:ENOTFOUND|EAI_AGAIN|EAI_\w{1,20})$/],
  ["refused", /^ECONNREFUSED$/],
  ["tls", /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|EPROTO)|SELF_SIGNED/],
  ["cut", /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_\w{1,40})$/],
  ["route", /^(?:ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ENETDOWN)$/],
];

export function troubleOf(code: string): Trouble {
  return troubles.find(([, pattern]) => pattern.test(code))?.[0] ?? "other";
}
