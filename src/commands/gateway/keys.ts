import { checkLimits } from "../../budget/policy.ts";
import type { Context } from "../../context.ts";
import type { Database } from "../../database/database.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import {
  type ClientKey,
  createKey,
  findKey,
  listKeys,
  resetKey,
  revokeKey,
  rotateKey,
} from "../../gateway/keys/client-keys.ts";
import { editKey, type KeyChange } from "../../gateway/keys/edit-key.ts";
import {
  checkedName,
  editedPolicy,
  keyDocument,
  type KeyDocument,
  policyOf,
} from "../../gateway/keys/key-document.ts";
import { UsageBooks } from "../../gateway/limits/usage-books.ts";
import { type Account, accountNames } from "../../pool/account.ts";
import { selectAccount } from "../../pool/select.ts";
import { usageError } from "./document.ts";
import { withDatabase } from "./running.ts";
import { servingStore } from "./shared.ts";

/** What people may say of a key on the command line. */
export interface KeyOptions {
  readonly database?: string;
  readonly limit?: readonly string[];
  readonly model?: readonly string[];
  readonly account?: readonly string[];
  readonly expires?: string;
  readonly role?: string;
  readonly parallel?: string;
  readonly name?: string;
  readonly now?: boolean;
}

interface KeyAnswer {
  readonly key: KeyDocument | null;
  readonly keys: KeyDocument[];
  readonly boundTo: string[];
  readonly message: string;
}

type Run = (ctx: Context, words: readonly string[], options: KeyOptions) => Promise<KeyAnswer>;

export const keyActions: Readonly<Record<string, Run>> = { create, list, show, edit, revoke, rotate, reset };

async function create(ctx: Context, words: readonly string[], options: KeyOptions): Promise<KeyAnswer> {
  const name = checkedName(oneWord(words, "create <name>"));
  const expiresMs = options.expires === undefined ? null : endOf(ctx, options.expires);
  const role = roleOf(options.role);
  return await withDatabase(ctx, options.database, async (database) => {
    const policy = policyOf(await policyWish(ctx, database, options));
    checkLimits(policy.limits);
    const { key, secret } = await createKey(database, { name, role, policy, expiresMs }, "cli");
    return await answer(ctx, database, key, {
      secret,
      message: `The key ${name} was made. It is shown once:`,
    });
  });
}

async function list(
  ctx: Context,
  words: readonly string[],
  { database: wanted }: KeyOptions,
): Promise<KeyAnswer> {
  if (words.length > 0) throw usageError("Too many words.", "codex auth gateway key list");
  return await withDatabase(ctx, wanted, async (database) => {
    const keys = (await listKeys(database)).map((key) => keyDocument(key));
    const message = keys.length === 0 ? "No keys yet. Make one: codex auth gateway key create <name>" : "";
    return { key: null, keys, boundTo: [], message };
  });
}

async function show(
  ctx: Context,
  words: readonly string[],
  { database: wanted }: KeyOptions,
): Promise<KeyAnswer> {
  const name = oneWord(words, "show <name>");
  return await withDatabase(
    ctx,
    wanted,
    async (database) => await answer(ctx, database, await findKey(database, name), { message: "" }),
  );
}

async function edit(ctx: Context, words: readonly string[], options: KeyOptions): Promise<KeyAnswer> {
  const wanted = oneWord(words, "edit <name>");
  const { limit, model, account, expires, parallel } = options;
  const given = [limit, model, account, expires, parallel, options.name].some((each) => each !== undefined);
  if (!given) {
    const form = "codex auth gateway key edit <name> --limit … --model … --expires … --name …";
    throw usageError("Say what is to be changed.", form);
  }
  return await withDatabase(ctx, options.database, async (database) => {
    const wish = await policyWish(ctx, database, options);
    const change = (key: ClientKey): KeyChange => {
      const policy = editedPolicy(key.policy, wish);
      checkLimits(policy.limits);
      return {
        policy,
        ...(options.name === undefined ? {} : { name: checkedName(options.name) }),
        ...(expires === undefined ? {} : { expiresMs: endOf(ctx, expires) }),
      };
    };
    const edited = await editKey(database, await findKey(database, wanted), change, "cli");
    return await answer(ctx, database, edited, { message: `The key ${edited.name} was changed.` });
  });
}

async function revoke(
  ctx: Context,
  words: readonly string[],
  { database: wanted, now: isNow = false }: KeyOptions,
): Promise<KeyAnswer> {
  const name = oneWord(words, "revoke <name>");
  return await withDatabase(ctx, wanted, async (database) => {
    const key = await revokeKey(database, await findKey(database, name), "cli", { isNow });
    const message = isNow
      ? `The key ${key.name} is revoked, and what ran for it ends.`
      : `The key ${key.name} is revoked: it opens nothing any more.`;
    return await answer(ctx, database, key, { message });
  });
}

async function rotate(
  ctx: Context,
  words: readonly string[],
  { database: wanted }: KeyOptions,
): Promise<KeyAnswer> {
  const name = oneWord(words, "rotate <name>");
  return await withDatabase(ctx, wanted, async (database) => {
    const { key, secret } = await rotateKey(database, await findKey(database, name), "cli");
    const message = `The key ${key.name} has a new secret; the old one opens nothing any more. It is shown once:`;
    return await answer(ctx, database, key, { secret, message });
  });
}

async function reset(ctx: Context, words: readonly string[], options: KeyOptions): Promise<KeyAnswer> {
  const wanted = oneWord(words, "reset <name>");
  return await withDatabase(ctx, options.database, async (database) => {
    const key = await findKey(database, wanted);
    await resetKey({ database, books: new UsageBooks(database) }, key, "cli");
    const message = `The limits of the key ${key.name} begin again: nothing is used.`;
    return await answer(ctx, database, key, { message });
  });
}

/** A key, with what the accounts are called that it is bound to. A pool that cannot be read costs the names alone. */
async function answer(
  ctx: Context,
  database: Database,
  key: ClientKey,
  { secret, message }: { readonly secret?: string; readonly message: string },
): Promise<KeyAnswer> {
  const ids = key.policy.accounts ?? [];
  const accounts = ids.length === 0 ? null : await servingAccounts(ctx, database);
  const nameOf = accountNames(accounts ?? []);
  const boundTo = ids.map((id) =>
    accounts === null || accounts.some((each) => each.id === id)
      ? nameOf(id)
      : `${id} (no longer in the pool)`,
  );
  return { key: keyDocument(key, secret), keys: [], boundTo, message };
}

async function servingAccounts(ctx: Context, database: Database): Promise<readonly Account[] | null> {
  try {
    return (await (await servingStore(ctx, database)).read()).pool.accounts;
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

async function policyWish(ctx: Context, database: Database, { model, account, limit, parallel }: KeyOptions) {
  const named = namedBy("account", account, "all");
  const snapshot = named?.length ? await (await servingStore(ctx, database)).read() : null;
  return {
    models: namedBy("model", model, "all"),
    accounts: snapshot === null ? named : named?.map((each) => selectAccount(snapshot, each).id),
    limits: namedBy("limit", limit, "none"),
    parallel: parallel === undefined ? undefined : countOf(parallel),
  };
}

/** The values of an option, of which `free` alone takes the restriction away: never an empty variable of a script. */
function namedBy(option: string, values: readonly string[] | undefined, free: string) {
  if (values?.some((each) => each.trim() === "")) {
    throw new CodexAuthError("usage", `--${option} is empty.`, {
      hint: `Give a value, or leave it out. To take the restriction of a key away: --${option} ${free}`,
    });
  }
  return values?.length === 1 && values[0] === free ? [] : values;
}

function oneWord(words: readonly string[], form: string): string {
  const [word, ...rest] = words;
  if (word !== undefined && rest.length === 0) return word;
  const what = word === undefined ? "The name of the key is missing." : "Too many words.";
  throw usageError(what, `codex auth gateway key ${form}`);
}

function roleOf(role: string | undefined): "client" | "admin" {
  if (role === undefined || role === "client") return "client";
  if (role === "admin") return role;
  throw new CodexAuthError("usage", `Unknown role: ${role}`, {
    hint: "client asks models, admin manages keys: --role admin",
  });
}

/** Null: as many as there are. */
function countOf(text: string): number | null {
  if (text === "none") return null;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 10_000) return count;
  throw new CodexAuthError("usage", `Invalid number: ${text}`, {
    hint: "Give a whole number, as in --parallel 4, or none",
  });
}

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: hourMs, d: dayMs, w: 7 * dayMs };

/** After `90m`, `12h`, `30d`, `4w`; null: never. */
function endOf(ctx: Pick<Context, "now">, text: string): number | null {
  if (text === "never") return null;
  const match = /^(\d{1,6})\s*(m|h|d|w)$/.exec(text.trim());
  const ms = Number(match?.[1]) * (unitsMs[match?.[2] ?? ""] ?? Number.NaN);
  if (ms > 0) return ctx.now() + ms;
  throw new CodexAuthError("usage", `Invalid time: ${text}`, {
    hint: "Give a number and m, h, d or w, as in --expires 30d, or never",
  });
}
