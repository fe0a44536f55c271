import type { Account } from "../store/account.ts";

/** Flat as in a message: name, value, name, value. */
export type RawHeaders = readonly string[];

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

// The client's credentials and cookies stay here. A compressed stream could not be looked into.
const neverOut = new Set([
  "host",
  "content-length",
  "authorization",
  "x-api-key",
  "cookie",
  "chatgpt-account-id",
  "x-openai-account-routing-override",
  "accept-encoding",
  "expect",
]);

export interface OutgoingAccount {
  readonly login: Account["login"];
  readonly routingOverride: string | null;
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
  { login, routingOverride, mayCarryTurnState }: OutgoingAccount,
  { size }: OutgoingBody,
): string[] {
  const { identity, accessToken } = login;
  const headers = ["host", host, ...kept(sent, neverOut, mayCarryTurnState ? null : "x-codex-turn-state")];
  headers.push("authorization", `Bearer ${accessToken}`);
  if (identity.kind === "seat") headers.push("chatgpt-account-id", identity.accountId);
  if (routingOverride !== null) headers.push("x-openai-account-routing-override", routingOverride);
  if (size !== null) headers.push("content-length", String(size));
  return headers;
}

// A cookie of one account must never come back with another.
const neverBack = new Set(["set-cookie"]);

/** Upstream's headers for the client. `isStream`: the length may change, when the end has to be made by us. */
export function returnedHeaders(received: RawHeaders, isStream: boolean): string[] {
  return kept(received, neverBack, isStream ? "content-length" : null);
}

function kept(headers: RawHeaders, dropped: ReadonlySet<string>, also: string | null): string[] {
  const named = connectionTokens(headers);
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const key = name.toLowerCase();
    if (hopByHop.has(key) || dropped.has(key) || key === also || named?.has(key)) continue;
    result.push(name, headers[at + 1] ?? "");
  }
  return result;
}

/** Headers that `Connection` declares to be for this hop only. */
function connectionTokens(headers: RawHeaders): Set<string> | null {
  let tokens: Set<string> | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() !== "connection") continue;
    for (const token of (headers[at + 1] ?? "").split(","))
      (tokens ??= new Set()).add(token.trim().toLowerCase());
  }
  return tokens;
}
