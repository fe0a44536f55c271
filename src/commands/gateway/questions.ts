import { headlessReason } from "../../auth/sign-in/browser.ts";
import type { Context } from "../../context.ts";
import { makeLink } from "../../gateway/admin/sessions.ts";
import { keyUsage, usageByDay } from "../../gateway/answers/usage-answer.ts";
import type { Database } from "../../database/database.ts";
import { findKey, listKeys } from "../../gateway/keys/client-keys.ts";
import { standings } from "../../gateway/limits/limit-headers.ts";
import { UsageBooks } from "../../gateway/limits/usage-books.ts";
import { isInContainer } from "../../machine/processes.ts";
import { about, blank, clientLines, noWords, type Report, usageError } from "./document.ts";
import { gatewayUrl, runningGateway, withDatabase } from "./running.ts";

const shownDays = 30;

export async function usage(
  ctx: Context,
  words: readonly string[],
  options: { readonly database?: string },
): Promise<Report> {
  const [name, ...rest] = words;
  if (rest.length > 0) throw usageError("Too many words.", "codex auth gateway usage [<key>]");
  return await withDatabase(ctx, options.database, async (database) => {
    if (name === undefined) {
      const days = await namedUsage(database, null);
      return {
        ...blank("usage"),
        usage: { days, key: null },
        message: `Use by day and key, ${shownDays} days.`,
      };
    }
    const found = await findKey(database, name);
    const state = await new UsageBooks(database).read(found.id);
    const own = await keyUsage(database, found, standings(found.policy, state, database.now()));
    const days = await namedUsage(database, found.id);
    return { ...blank("usage"), usage: { days, key: own }, message: `Use of the key ${found.name}.` };
  });
}

async function namedUsage(database: Database, keyId: string | null) {
  const days = await usageByDay(database, keyId, shownDays);
  const names = new Map((await listKeys(database)).map(({ id, name }) => [id, name]));
  return days.map((each) => Object.assign({ keyName: names.get(each.keyId) ?? null }, each));
}

export async function client(ctx: Context, words: readonly string[]): Promise<Report> {
  const entry = await runningGateway(ctx);
  const url = gatewayUrl(entry);
  return { ...blank("client"), ...about(entry), running: true, lines: clientLines(words[0], url) };
}

/** Whoever may read the files of the gateway is its admin: the link says so to the browser, once. */
export async function open(
  ctx: Context,
  words: readonly string[],
  { browser }: { readonly browser: boolean },
): Promise<Report> {
  noWords(words, "open");
  const entry = await runningGateway(ctx);
  const token = await withDatabase(ctx, entry.database, makeLink);
  const link = `http://127.0.0.1:${entry.port}/#link=${token}`;
  const { env, platform, fs } = ctx;
  const reason = browser ? headlessReason({ env, platform, isInContainer: isInContainer(fs) }) : "";
  const isOpen =
    reason === null &&
    (await ctx.openUrl(link).then(
      () => true,
      () => false,
    ));
  const message = isOpen
    ? "The page opens in the browser. If it does not, open this link within a minute; it works once:"
    : "Open this link within a minute; it works once:";
  return { ...blank("open"), ...about(entry), running: true, link, message };
}
