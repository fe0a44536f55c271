import type { Context } from "../../context.ts";
import { loadAccounts } from "../../database/accounts/documents.ts";
import { claimDatabase, openVault, readVaultRow } from "../../database/accounts/vault.ts";
import type { Database } from "../../database/database.ts";
import { openDatabase } from "../../database/open-database.ts";
import { schemaVersion, storedVersion } from "../../database/schema.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { blank, type Report, usageError } from "./document.ts";
import { databaseAddress, findGateway, withDatabase } from "./running.ts";
import { secretOf } from "./shared.ts";

interface Options {
  readonly database?: string;
}

export async function database(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  const [word, ...rest] = words;
  if (rest.length === 0 && word === "check") {
    const report = await check(ctx, options);
    return { ...report, problems: [...report.problems, ...(await otherFileProblems(ctx, options))] };
  }
  if (rest.length === 0 && word === "migrate") return await migrate(ctx, options);
  if (rest.length === 0 && word === "claim") return await claim(ctx, options);
  throw usageError(
    "Say what is to be done with the database.",
    "codex auth gateway database check|migrate|claim",
  );
}

/** Looks and changes nothing, not even a table that is missing. */
async function check(ctx: Context, options: Options): Promise<Report> {
  return await look(ctx, options, async (opened) => {
    const { place } = opened;
    const version = await storedVersion(opened);
    const message =
      version === null
        ? `The database ${place} has no tables yet.`
        : `The database ${place} has schema ${version}, as it should.`;
    const damage = await damageOf(opened);
    if (damage.length > 0)
      return { ...blank("database"), message: `The database ${place} is damaged.`, problems: damage };
    if (version === null)
      return { ...blank("database"), message, problems: ["Make them: codex auth gateway database migrate"] };
    const row = await readVaultRow(opened);
    if (row === null)
      return {
        ...blank("database"),
        message,
        lines: ["It has no accounts: its gateways serve from the pool of their machine."],
      };
    try {
      const vault = await openVault(opened, row, secretOf(ctx));
      const [here, leaving] = [
        await loadAccounts(opened, vault),
        await loadAccounts(opened, vault, "leaving"),
      ];
      const damaged = [...here.damaged, ...leaving.damaged];
      const moving =
        leaving.stored.length === 0
          ? []
          : [`On their way to a pool: ${leaving.stored.length}. See: codex auth gateway accounts`];
      return {
        ...blank("database"),
        message,
        lines: [`Its accounts open with key ${row.keyId}: ${here.stored.length}.`, ...moving],
        problems: damaged.map(
          (id) => `Account ${id} cannot be opened: it was damaged, or stands in another's place.`,
        ),
      };
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      return { ...blank("database"), message, problems: [`${error.message} ${error.hint ?? ""}`.trim()] };
    }
  });
}

/** A gateway goes on with the file that it opened: one that was put in its place later is good and not in use. */
async function otherFileProblems(ctx: Context, options: Options): Promise<string[]> {
  const state = await findGateway(ctx);
  if (state.kind !== "silent" || state.entry.database !== databaseAddress(ctx, options.database)) return [];
  if (!state.isDatabaseAway) return [];
  const { pid } = state.entry.process;
  return [
    `The gateway (process ${pid}) cannot use it. If the file was moved or replaced while it ran: codex auth gateway stop, put the right file there, and start it again.`,
  ];
}

/** Of a file, by SQLite's own look at every page; a server looks after itself. */
async function damageOf(opened: Database): Promise<string[]> {
  if (opened.server !== null) return [];
  const rows = await opened.query("pragma quick_check(5)");
  const said = rows.map(({ quick_check: text }) => String(text)).filter((text) => text !== "ok");
  return said.map((text) => text.replaceAll("\n", " "));
}

/** Forward only: what is there stays, what is missing is made. */
async function migrate(ctx: Context, options: Options): Promise<Report> {
  const before = await look(ctx, options, storedVersion);
  return await withDatabase(ctx, options.database, async ({ place }) => ({
    ...blank("database"),
    message:
      before === schemaVersion
        ? `The database ${place} has schema ${schemaVersion} already. Nothing was changed.`
        : `The database ${place} has schema ${schemaVersion} now.`,
  }));
}

async function claim(ctx: Context, options: Options): Promise<Report> {
  return await look(ctx, options, async (opened) => {
    const { place } = opened;
    const words = {
      claimed: `The accounts in ${place} count as the only ones now. Never start a gateway on the other copy again.`,
      same: `The accounts in ${place} live there already. Nothing was changed.`,
      none: `The database ${place} has no accounts. Nothing was changed.`,
    };
    if ((await storedVersion(opened)) === null) return { ...blank("database"), message: words.none };
    return { ...blank("database"), message: words[await claimDatabase(opened, secretOf(ctx))] };
  });
}

async function look<T>(ctx: Context, options: Options, work: (database: Database) => Promise<T>): Promise<T> {
  const { env, databaseDrivers: drivers, now } = ctx;
  const address = databaseAddress(ctx, options.database);
  const makeFile = () => {
    if (ctx.fs.statSync(address, { throwIfNoEntry: false }) !== undefined) return;
    throw new CodexAuthError("database_unavailable", `There is no database ${address} yet.`, {
      hint: "A gateway makes it when it starts; or: codex auth gateway database migrate",
    });
  };
  const { databaseId: fileId } = ctx.store.gatewayFiles;
  const opened = await openDatabase({ address, drivers, now, env, makeFile, fileId, makesTables: false });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
