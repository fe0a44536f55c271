import { isRecord } from "../text/json.ts";
import type { Login } from "../codex/auth-json.ts";
import type { StoreReading } from "./format-names.ts";
import { textOf, tokenEntry } from "./stored-login.ts";

type Json = Record<string, unknown>;

/**
 * One auth file of CLIProxyAPI, as it lies in its auth-dir (~/.cli-proxy-api): the tokens at the top level, `type` the
 * provider, `disabled` and `label` beside them. Facts from router-for-me/CLIProxyAPI: internal/auth/codex/token.go at
 * 001a26b (v7), sdk/auth/filestore.go at 00c423f.
 */
export function readCliProxyApi(document: Json): StoreReading | null {
  const { type, disabled } = document;
  if (typeof type !== "string" || type === "" || "tokens" in document) return null;
  if (type !== "codex") return isLoginFile(document) ? foreign(type.slice(0, 40)) : null;
  const entry = tokenEntry(
    {
      idToken: document["id_token"],
      accessToken: document["access_token"],
      refreshToken: document["refresh_token"],
      lastRefresh: document["last_refresh"],
    },
    {
      place: null,
      name: textOf(document["email"]),
      label: textOf(document["label"]),
      pausedAt: disabled === true ? "now" : null,
    },
  );
  return { kind: "entries", entries: [entry] };
}

function isLoginFile(document: Json): boolean {
  return "access_token" in document || "refresh_token" in document || isRecord(document["token"]);
}

function foreign(type: string): StoreReading {
  return { kind: "foreign", problem: `it is a login of CLIProxyAPI for ${type}, not for Codex` };
}

/** The auth file for a ChatGPT login. */
export function cliProxyApiDocument(login: Login): Json {
  const { tokens } = login.document;
  const { id_token: idToken } = isRecord(tokens) ? tokens : {};
  const { identity, expiresAtSec } = login;
  return {
    type: "codex",
    id_token: idToken,
    access_token: login.accessToken,
    refresh_token: login.refreshToken,
    account_id: identity.kind === "seat" ? identity.accountId : "",
    email: login.email ?? "",
    last_refresh: login.lastRefresh ?? "",
    expired: expiresAtSec === null ? "" : new Date(expiresAtSec * 1000).toISOString(),
  };
}
