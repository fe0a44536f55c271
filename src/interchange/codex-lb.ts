import { isRecord, readJsonObject } from "../text/json.ts";
import { unseal } from "./bundle.ts";
import { needsPassphrase, type StoreReading, wrongPassphrase } from "./format-names.ts";
import { type StoreEntry, textOf, tokenEntry } from "./stored-login.ts";

type Json = Record<string, unknown>;

const format = "codex-lb-account-bundle";
/** Version 1 knows no other. */
const cost = { n: 32_768, r: 8, p: 1 };

/**
 * The account bundle that codex-lb exports, always encrypted. Facts from Soju06/codex-lb:
 * app/modules/accounts/account_bundle.py at 2d1b075.
 */
export function readCodexLb(document: Json, passphrase: string | null): StoreReading | null {
  if (document["format"] !== format) return null;
  const { version, kdf, cipher, ciphertext } = document;
  if (version !== 1)
    return broken(`it is a bundle of codex-lb of version ${String(version)}; only 1 is known here`);
  if (!isRecord(kdf) || !isRecord(cipher) || typeof ciphertext !== "string")
    return broken("its header is damaged");
  const { salt } = kdf;
  const { nonce } = cipher;
  if (typeof salt !== "string" || typeof nonce !== "string") return broken("its header is damaged");
  if (passphrase === null) return needsPassphrase;
  const context = headerText(salt, nonce);
  const text = unseal({ salt, nonce, data: ciphertext }, { passphrase, cost, context });
  return text === null ? wrongPassphrase : readPayload(text);
}

/** What the cipher authenticates: the header with its keys sorted and no spaces. */
function headerText(salt: string, nonce: string): string {
  const { n, r, p } = cost;
  const cipher = { name: "AES-256-GCM", nonce };
  return JSON.stringify({ cipher, format, kdf: { n, name: "scrypt", p, r, salt }, version: 1 });
}

function readPayload(text: string): StoreReading {
  const reading = readJsonObject(text);
  const accounts = reading.kind === "object" ? reading.value["accounts"] : null;
  if (!Array.isArray(accounts)) return broken("it holds no list of accounts");
  return { kind: "entries", entries: (accounts as unknown[]).map(readAccount) };
}

function readAccount(account: unknown, index: number): StoreEntry {
  const place = `account ${index + 1}`;
  const { credentials, email, alias } = isRecord(account) ? account : {};
  const name = textOf(email);
  if (!isRecord(credentials)) return { kind: "refused", place, name, problem: "it has no credentials" };
  const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken } = credentials;
  return tokenEntry({ idToken, accessToken, refreshToken }, { place, name, label: textOf(alias) });
}

function broken(problem: string): StoreReading {
  return { kind: "broken", problem };
}
