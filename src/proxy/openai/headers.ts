import type { Account } from "../../pool/account.ts";

/** Flat as in a message: name, value, name, value. */
export type RawHeaders = readonly string[];

const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

// The client's credentials and cookies stay here, and so does where it is. A compressed stream could not be looked into.
const neverOut = new Set([
  ...hopByHop,
  "host",
  "content-length",
  "authorization",
  "x-api-key",
  "cookie",
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
  "chatgpt-account-id",
  "x-openai-account-routing-override",
  "accept-encoding",
  "expect",
]);

export interface OutgoingAccount {
  /** As `credentialHeaders` gives them. */
  readonly credentials: RawHeaders;
  readonly mayCarryTurnState: boolean;
}

export interface OutgoingBody {
  /** Null for a request without a body. */
  readonly size: number | null;
}

/** The client's headers as it sent them, but with the account's credentials instead of its own. */
export function outgoingHeaders(
  sent: RawHeaders,
  host: string,
  { credentials, mayCarryTurnState }: OutgoingAccount,
  { size }: OutgoingBody,
): string[] {
  const headers = ["host", host, ...kept(sent, neverOut, mayCarryTurnState ? null : "x-codex-turn-state")];
  headers.push(...credentials);
  if (size !== null) headers.push("content-length", String(size));
  return headers;
}

/** Who an account is, for its backend. */
export function credentialHeaders(
  { identity, accessToken }: Account["login"],
  routingOverride: string | null,
): RawHeaders {
  const headers = ["authorization", `Bearer ${accessToken}`];
  if (identity.kind === "seat") headers.push("chatgpt-account-id", identity.accountId);
  if (routingOverride !== null) headers.push("x-openai-account-routing-override", routingOverride);
  return headers;
}

// A cookie of one account must never come back with another.
const neverBack = new Set([...hopByHop, "set-cookie"]);

/** Upstream's headers for the client. `isStream`: the length may change, when the end has to be made by us. */
export function returnedHeaders(received: RawHeaders, isStream: boolean): string[] {
  return kept(received, neverBack, isStream ? "content-length" : null);
}

function kept(headers: RawHeaders, dropped: ReadonlySet<string>, also: string | null): string[] {
  const result: string[] = [];
  let named: Set<string> | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const key = name.toLowerCase();
    if (dropped.has(key) || key === also) {
      if (key === "connection") named = connectionTokens(headers[at + 1] ?? "", named);
    } else result.push(name, headers[at + 1] ?? "");
  }
  return named === null ? result : withoutNamed(result, named);
}

/** Headers that `Connection` declares to be for this hop only; null where it names none but the usual. */
function connectionTokens(value: string, before: Set<string> | null): Set<string> | null {
  if (value === "keep-alive" || value === "close") return before;
  return new Set([...(before ?? []), ...value.split(",").map((token) => token.trim().toLowerCase())]);
}

function withoutNamed(headers: RawHeaders, named: ReadonlySet<string>): string[] {
  return headers.filter((_, at) => !named.has(headers[at - (at % 2)]?.toLowerCase() ?? ""));
}
