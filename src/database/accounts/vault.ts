import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { randomHex } from "../../machine/hash.ts";
import type { SharedSecret } from "../../store/seal/shared-secret.ts";
import { numberField, parseJson, textField } from "../../text/json.ts";
import { derivedKey, openBytes, sealBytes } from "../../text/sealed-bytes.ts";
import type { Database, Statements } from "../database.ts";

const row = "accounts";
const form = 1;

/** What `store_info` says of the accounts of a database. */
interface VaultRow {
  /** Of the accounts of this database, the same in every copy of it. */
  readonly storeId: string;
  /** Names the key that wraps the data key, and says nothing of it. */
  readonly keyId: string;
  /** The data key, sealed. */
  readonly wrapped: string;
  /** The database in which the accounts live: a copy is another one. */
  readonly home: string;
}

/**
 * Seals what a database holds of accounts: one random data key a database, which is kept wrapped by a key from elsewhere.
 * What is sealed opens in its own place only, so that rows cannot be exchanged.
 */
export class AccountVault {
  readonly storeId: string;
  readonly #key: Uint8Array;

  constructor(storeId: string, key: Uint8Array) {
    this.storeId = storeId;
    this.#key = key;
  }

  /** For the process that renews: it is handed over a pipe, never an argument. */
  get handover(): { storeId: string; key: string } {
    return { storeId: this.storeId, key: Buffer.from(this.#key).toString("base64") };
  }

  seal(kind: string, id: string, text: string): string {
    return sealBytes(Buffer.from(text), this.#key, this.#context(kind, id)).toString("base64");
  }

  /** Null when it was damaged, or sealed for another place. */
  open(kind: string, id: string, sealed: string): string | null {
    return openBytes(Buffer.from(sealed, "base64"), this.#key, this.#context(kind, id))?.toString() ?? null;
  }

  #context(kind: string, id: string): string {
    return JSON.stringify([this.storeId, kind, id]);
  }
}

/** Null for a database that never had accounts. */
export async function readVaultRow(statements: Statements): Promise<VaultRow | null> {
  const [found] = await statements.query(`select value from store_info where name = $1`, [row]);
  if (!found) return null;
  const value = parseJson(String(found["value"]));
  const [storeId, keyId] = [textField(value, "storeId"), textField(value, "keyId")];
  const [wrapped, home] = [textField(value, "wrapped"), textField(value, "home")];
  const isKnown = numberField(value, "form") === form;
  if (isKnown && storeId !== undefined && keyId !== undefined && wrapped !== undefined && home !== undefined)
    return { storeId, keyId, wrapped, home };
  throw new CodexAuthError(
    "database_too_new",
    "The accounts of the database are kept in a way that this codex-auth does not know.",
    {
      hint: "Update codex-auth on this machine. Nothing was changed.",
    },
  );
}

/** Opens the accounts of a database. Throws `seal_key_missing`, `seal_key_wrong` or `database_copied`; nothing is written. */
export async function openVault(
  database: Database,
  found: VaultRow,
  secret: SharedSecret | null,
): Promise<AccountVault> {
  const vault = unwrapped(found, secret);
  const home = await homeOf(database);
  if (home === found.home) return vault;
  throw new CodexAuthError(
    "database_copied",
    `The accounts in ${database.place} were put into another database: this one is a copy, as a restored backup is.`,
    {
      hint: "Two databases with one login lose it. If the other one is gone for good, say so here: codex auth gateway database claim",
    },
  );
}

/** Makes the data key of a database that has none; of two that do it at once one wins, and both get its key. */
export async function makeVault(database: Database, secret: SharedSecret | null): Promise<AccountVault> {
  const known = await readVaultRow(database);
  if (known) return await openVault(database, known, secret);
  if (secret === null) throw missing();
  const storeId = randomHex(8);
  const dataKey = Buffer.from(randomHex(32), "hex");
  const wrapped = sealBytes(dataKey, wrapKey(secret), wrapContext(storeId)).toString("base64");
  const made = { form, storeId, keyId: keyIdOf(secret), wrapped, home: await homeOf(database) };
  await database.change(
    `insert into store_info (name, value) values ($1, $2) on conflict (name) do nothing`,
    [row, JSON.stringify(made)],
    { isDurable: true },
  );
  const kept = await readVaultRow(database);
  if (!kept) throw new Error("The data key was not kept.");
  return await openVault(database, kept, secret);
}

/** Says that this copy is the one that counts. */
export async function claimDatabase(
  database: Database,
  secret: SharedSecret | null,
): Promise<"claimed" | "same" | "none"> {
  const known = await readVaultRow(database);
  if (!known) return "none";
  unwrapped(known, secret);
  const home = await homeOf(database);
  if (home === known.home) return "same";
  const value = JSON.stringify({ form, ...known, home });
  await database.change(`update store_info set value = $2 where name = $1`, [row, value], {
    isDurable: true,
  });
  return "claimed";
}

function unwrapped({ storeId, keyId, wrapped }: VaultRow, secret: SharedSecret | null): AccountVault {
  if (secret === null) throw missing();
  const key = openBytes(Buffer.from(wrapped, "base64"), wrapKey(secret), wrapContext(storeId));
  if (key) return new AccountVault(storeId, key);
  const own = keyIdOf(secret);
  const why = own === keyId ? "what they are sealed with is damaged" : `${secret.from} has key ${own}`;
  throw new CodexAuthError(
    "seal_key_wrong",
    `The accounts of the database are sealed with key ${keyId}; ${why}.`,
    {
      hint: "Name the key that the other gateways have. Nothing was changed.",
    },
  );
}

function missing(): CodexAuthError {
  return new CodexAuthError("seal_key_missing", "Accounts in a database are sealed, and no key is named.", {
    hint: "Name it: CODEX_AUTH_KEY_FILE=<a file>, CODEX_AUTH_KEY=<the key> or CODEX_AUTH_KEY_COMMAND=<a command that prints it>. A new one: openssl rand -base64 32. Nothing was changed.",
  });
}

/** A file is its own home wherever it lies. */
async function homeOf({ server }: Database): Promise<string> {
  return server === null ? "file" : await server.identity();
}

function wrapKey({ bytes }: SharedSecret): Uint8Array {
  return derivedKey(bytes, "database");
}

function wrapContext(storeId: string): string {
  return JSON.stringify([storeId, "data key"]);
}

function keyIdOf({ bytes }: SharedSecret): string {
  return Buffer.from(derivedKey(bytes, "name of the database key")).toString("hex").slice(0, 8);
}
