import { readAuthDocument } from "../codex/auth-json.ts";
import type { AuthDocument } from "../codex/auth-json.ts";
import { isObject } from "../codex/claims.ts";
import { readJsonObject } from "../codex/json-object.ts";
import { needsPassphrase, wrongPassphrase } from "./passphrase-problem.ts";
import { seal, unseal } from "./sealed-text.ts";
import type { StoreReading } from "./store-format.ts";
import { loginEntry, textOf } from "./stored-login.ts";
import type { SetAside, StoreEntry } from "./stored-login.ts";

type Json = Record<string, unknown>;

const format = "codex-auth-bundle";
const version = 1;
const cost = { n: 131_072, r: 8, p: 1 };
const context = `${format} ${version}`;

/** A whole account of ours. */
export interface BundleAccount {
  label: string | null;
  /** ISO time; null when it is in use. */
  pausedAt: string | null;
  setAside: SetAside | null;
  auth: AuthDocument;
}

/** The text of a bundle; without a passphrase the tokens in it can be read by anybody. */
export function bundleText(
  accounts: readonly BundleAccount[],
  { nowMs, passphrase }: { nowMs: number; passphrase: string | null },
): string {
  const createdAt = new Date(nowMs).toISOString();
  if (passphrase === null) return pretty({ format, version, createdAt, accounts });
  const { n, r, p } = cost;
  const { salt, nonce, data } = seal(JSON.stringify({ createdAt, accounts }), { passphrase, cost, context });
  const kdf = { name: "scrypt", n, r, p, salt };
  return pretty({ format, version, kdf, cipher: { name: "aes-256-gcm", nonce }, data });
}

export function readBundle(document: Json, passphrase: string | null): StoreReading | null {
  if (document["format"] !== format) return null;
  if (document["version"] !== version) return unknownVersion(document["version"]);
  if (document["data"] === undefined) return readAccounts(document);
  const { kdf, cipher, data } = document;
  const { salt } = isObject(kdf) ? kdf : {};
  const { nonce } = isObject(cipher) ? cipher : {};
  if (typeof salt !== "string" || typeof nonce !== "string" || typeof data !== "string")
    return { kind: "broken", problem: "its header is damaged" };
  if (passphrase === null) return needsPassphrase;
  const text = unseal({ salt, nonce, data }, { passphrase, cost, context });
  if (text === null) return wrongPassphrase;
  const reading = readJsonObject(text);
  return reading.kind === "object" ? readAccounts(reading.value) : reading;
}

function unknownVersion(found: unknown): StoreReading {
  if (typeof found !== "number" || found < version)
    return { kind: "broken", problem: "the version of the bundle is damaged" };
  const problem = `it was written by a newer codex-auth (bundle version ${found}, this one knows ${version})`;
  return { kind: "broken", problem, hint: "Update codex-auth: npm install -g codex-auth@latest" };
}

function readAccounts({ accounts }: Json): StoreReading {
  if (!Array.isArray(accounts)) return { kind: "broken", problem: "it holds no list of accounts" };
  return { kind: "entries", entries: (accounts as unknown[]).map(readAccount) };
}

function readAccount(account: unknown, index: number): StoreEntry {
  const place = `account ${index + 1}`;
  const { auth, label, pausedAt, setAside } = isObject(account) ? account : {};
  const name = textOf(label);
  if (!isObject(auth)) return { kind: "refused", place, name, problem: "it has no login" };
  const reading = readAuthDocument(auth);
  if (reading.kind !== "login") {
    const problem = reading.kind === "broken" ? reading.problem : "it holds no credentials";
    return { kind: "refused", place, name, problem };
  }
  const more = { label: name, pausedAt: timeOf(pausedAt), setAside: setAsideOf(setAside) };
  return loginEntry(reading.login, place, more);
}

function setAsideOf(value: unknown): SetAside | null {
  if (!isObject(value)) return null;
  const { reason, since, evidence } = value;
  return { reason: textOf(reason) ?? "reported", since: timeOf(since), evidence: textOf(evidence) };
}

function timeOf(value: unknown): string | null {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : null;
}

function pretty(document: object): string {
  return JSON.stringify(document, null, 2);
}
