import { isRecord, readJsonObject } from "../text/json.ts";
import { type AuthDocument, readAuthDocument } from "../codex/auth-json.ts";
import { openBytes, sealBytes } from "../text/sealed-bytes.ts";
import { needsPassphrase, type StoreReading, wrongPassphrase } from "./format-names.ts";
import { loginEntry, type StoredFlag, type StoreEntry, textOf } from "./stored-login.ts";

type Json = Record<string, unknown>;

const format = "codex-auth-bundle";
const version = 1;
const cost = { n: 131_072, r: 8, p: 1 };
const context = `${format} ${version}`;

/** A whole account of ours. */
interface BundleAccount {
  label: string | null;
  /** ISO time; null when it is in use. */
  pausedAt: string | null;
  setAside: StoredFlag | null;
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
  const { salt } = isRecord(kdf) ? kdf : {};
  const { nonce } = isRecord(cipher) ? cipher : {};
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
  const { auth, label, pausedAt, setAside } = isRecord(account) ? account : {};
  const name = textOf(label);
  if (!isRecord(auth)) return { kind: "refused", place, name, problem: "it has no login" };
  const reading = readAuthDocument(auth);
  if (reading.kind !== "login") {
    const problem = reading.kind === "broken" ? reading.problem : "it holds no credentials";
    return { kind: "refused", place, name, problem };
  }
  const more = { label: name, pausedAt: timeOf(pausedAt), flag: storedFlagOf(setAside) };
  return loginEntry(reading.login, place, more);
}

function storedFlagOf(value: unknown): StoredFlag | null {
  if (!isRecord(value)) return null;
  const { reason, since, evidence } = value;
  return { reason: textOf(reason) ?? "reported", since: timeOf(since), evidence: textOf(evidence) };
}

function timeOf(value: unknown): string | null {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : null;
}

function pretty(document: object): string {
  return JSON.stringify(document, null, 2);
}

/** The work of scrypt; memory is 128 · n · r bytes. */
interface ScryptCost {
  n: number;
  r: number;
  p: number;
}

/** A text that only its passphrase opens: scrypt and AES-256-GCM. All three are base64; `data` ends with the tag. */
interface SealedText {
  salt: string;
  nonce: string;
  data: string;
}

interface Key {
  passphrase: string;
  cost: ScryptCost;
  /** What the text belongs to; it opens with nothing else. */
  context: string;
}

const nonceBytes = 12;
const tagBytes = 16;

function seal(text: string, key: Key): SealedText {
  const salt = crypto().randomBytes(16);
  const sealed = sealBytes(Buffer.from(text), derived(key, salt), key.context);
  const [nonce, data] = [sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes)];
  return { salt: base64(salt), nonce: base64(nonce), data: base64(data) };
}

/** Null when the passphrase is another one or a byte was changed: nobody can tell which. */
export function unseal({ salt, nonce, data }: SealedText, key: Key): string | null {
  const iv = Buffer.from(nonce, "base64");
  if (iv.length !== nonceBytes) return null;
  const sealed = Buffer.concat([iv, Buffer.from(data, "base64")]);
  // What is shorter than the tag was made with no passphrase, and to find its key takes long.
  if (sealed.length < nonceBytes + tagBytes) return null;
  return openBytes(sealed, derived(key, Buffer.from(salt, "base64")), key.context)?.toString("utf8") ?? null;
}

function derived({ passphrase, cost: { n, r, p } }: Key, salt: Uint8Array): Uint8Array {
  return crypto().scryptSync(passphrase, salt, 32, { N: n, r, p, maxmem: 256 * n * r });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** node:crypto is slow to load; see store/hash.ts. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
