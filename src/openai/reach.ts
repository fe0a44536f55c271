import type { Env } from "../codex/environment.ts";
import { backendOf, backendUrl, type Fetch, issuerOf, networkCode } from "./backend.ts";
import type { LoginSettings } from "../codex/config/toml.ts";

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

/** Asks the three services of OpenAI at once, without credentials. An address that no token may go to is left out. */
export async function reachOrigins(
  { env, fetch }: { env: Env; fetch: Fetch },
  settings: LoginSettings | null,
): Promise<Reached[]> {
  const backend = backendOf(env, settings?.chatgptBaseUrl);
  return await Promise.all([
    reach(fetch, "backend", backendUrl(backend, "usage")),
    reach(fetch, "issuer", `${issuerOf(env)}/.well-known/openid-configuration`),
    reach(fetch, "api", `${apiOf(env)}/models`),
  ]);
}

/** Where keys go. With CODEX_AUTH_BACKEND, which is for tests, nothing leaves this machine. */
export function apiOf(env: Env): string {
  const isElsewhere = Boolean(env["CODEX_AUTH_BACKEND"]);
  return `${isElsewhere ? new URL(backendOf(env, undefined)).origin : "https://api.openai.com"}/v1`;
}
