import type { Command } from "commander";
import type { Context } from "../../cli/context.ts";
import { defineCommand } from "../../cli/define-command.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { findKey } from "../../gateway/client-keys.ts";
import { standings } from "../../gateway/limit-headers.ts";
import { keyUsage, usageByDay } from "../../gateway/usage-answer.ts";
import { UsageBooks } from "../../gateway/usage-books.ts";
import type { RotationEntry } from "../../store/rotation-file.ts";
import { actions, gatewayDocument as schema, type Action, type Report } from "./document.ts";
import { clientLines } from "./client-lines.ts";
import { keyLines, keyTable, usageLines } from "./lines.ts";
import { keyActions, type KeyOptions } from "./keys.ts";
import { databaseAddress, withDatabase } from "./open-database.ts";
import {
  backgroundVariable,
  findGateway,
  gatewayText,
  gatewayUrl,
  runningGateway,
  startInBackground,
  stopGateway,
} from "./running.ts";

interface Options extends KeyOptions {
  readonly port?: string;
  readonly background?: boolean;
  readonly now?: boolean;
}

const description = [
  "Run the pool gateway: OpenAI's routes on this machine, for programs and people with keys and limits of their own, on the accounts of the pool.",
  "",
  "start runs until Ctrl-C; with --background it returns when the gateway listens. key makes and manages keys, also while no gateway runs. client prints what a client needs. Keys and use are in gateway.db beside the pool, or in the PostgreSQL database of --database or CODEX_AUTH_DATABASE.",
].join("\n");

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .argument("<action>", actions.join(", "))
      .argument(
        "[words...]",
        "key: create, list, show, edit, revoke or rotate, and a name; client: codex, opencode or env",
      )
      .option("--port <n>", "start: this port instead of a free one")
      .option("--background", "start: leave the gateway running in the background")
      .option("--database <address>", "where the keys are: a file, or postgres://…")
      .option("--now", "stop: do not wait for the requests that run")
      .option(
        "--limit <kind=max/window>",
        "key: a limit, as requests=100/day or cost=5usd/week; may be repeated",
        collect,
      )
      .option("--model <name>", "key: a model that it may use; may be repeated", collect)
      .option("--account <account>", "key: an account that may serve it; may be repeated", collect)
      .option("--expires <duration>", "key: how long it lasts, as 12h or 30d")
      .option("--parallel <n>", "key: requests at the same time")
      .option("--role <role>", "key create: client (default) or admin")
      .option("--name <name>", "key edit: another name"),
  examples: [
    ["codex auth gateway start", "run it here until Ctrl-C"],
    [
      "codex auth gateway key create ci --limit requests=100/day --limit cost=5usd/week",
      "make a key with limits",
    ],
    ["codex auth gateway client codex", "what Codex needs to use it"],
    ["codex auth gateway usage ci", "what a key has used"],
  ],
  exits: { "1": "refused or failed; status: it does not run or is not well" },
  schema,
  run: (ctx: Context, [word, words = []]: [string, string[]?], options: Options) => {
    const action = actions.find((each) => each === word);
    if (!action) throw usageError(`Unknown action: ${word}`, `codex auth gateway ${actions.join("|")}`);
    return runs[action](ctx, words, options);
  },
  render: ({ message, key, keys, lines, usage }, ui) => {
    const parts = [message];
    if (key?.secret !== undefined) parts.push("", key.secret, "");
    if (key) parts.push(...keyLines(key));
    if (keys.length > 0) parts.push(keyTable(keys, ui.bold));
    if (usage) parts.push(...usageLines(usage));
    return [...parts, ...lines].filter((line, at) => line !== "" || at > 0).join("\n");
  },
  exitCode: ({ action, running }) => (action === "status" && !running ? 1 : 0),
});

const runs: Record<Action, (ctx: Context, words: readonly string[], options: Options) => Promise<Report>> = {
  start,
  status,
  stop,
  key,
  usage,
  client,
};

async function start(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  noWords(words, "start");
  const port = portOf(options.port);
  const address = databaseAddress(ctx, options.database);
  if (options.background) {
    // The address may hold a password, which a command line would show to everybody.
    const entry = await startInBackground(ctx, ["--port", String(port)], { CODEX_AUTH_DATABASE: address });
    return { ...blank("start"), ...about(entry), running: true, message: startText(gatewayUrl(entry)) };
  }
  const { serveGateway } = await import("./serve.ts");
  const logFile = ctx.env[backgroundVariable] ?? null;
  await serveGateway(ctx, {
    port,
    address,
    logFile,
    onReady: ({ url }) =>
      ctx.stderr.write(`${startText(url)}\n${logFile === null ? "Ctrl-C ends it.\n" : ""}`),
  });
  return { ...blank("start"), message: "The gateway has ended." };
}

async function status(ctx: Context, words: readonly string[]): Promise<Report> {
  noWords(words, "status");
  const state = await findGateway(ctx);
  const known = state.kind === "none" || state.kind === "killed" ? {} : about(state.entry);
  return { ...blank("status"), ...known, running: state.kind === "running", message: gatewayText(state) };
}

async function stop(ctx: Context, words: readonly string[], { now = false }: Options): Promise<Report> {
  noWords(words, "stop");
  const state = await findGateway(ctx);
  await stopGateway(ctx, state, now);
  const wasRunning = state.kind === "running" || state.kind === "silent";
  return { ...blank("stop"), message: wasRunning ? "The gateway has ended." : gatewayText(state) };
}

async function key(
  ctx: Context,
  [word = "", ...words]: readonly string[],
  options: Options,
): Promise<Report> {
  const run = Object.hasOwn(keyActions, word) ? keyActions[word] : undefined;
  if (!run) {
    const what = word === "" ? "The key command is not complete." : `Unknown key action: ${word}`;
    throw usageError(what, "codex auth gateway key create|list|show|edit|revoke|rotate");
  }
  return { ...blank("key"), ...(await run(ctx, words, options)) };
}

const shownDays = 30;

async function usage(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  const [name, ...rest] = words;
  if (rest.length > 0) throw usageError("Too many words.", "codex auth gateway usage [<key>]");
  return await withDatabase(ctx, options.database, async (database) => {
    if (name === undefined) {
      const days = await usageByDay(database, null, shownDays);
      return {
        ...blank("usage"),
        usage: { days, key: null },
        message: `Use by day and key, ${shownDays} days.`,
      };
    }
    const found = await findKey(database, name);
    const state = await new UsageBooks(database).read(found.id);
    const own = await keyUsage(database, found, standings(found.policy, state, database.now()));
    const days = await usageByDay(database, found.id, shownDays);
    return { ...blank("usage"), usage: { days, key: own }, message: `Use of the key ${found.name}.` };
  });
}

async function client(ctx: Context, words: readonly string[]): Promise<Report> {
  const entry = await runningGateway(ctx);
  const url = gatewayUrl(entry);
  return { ...blank("client"), ...about(entry), running: true, lines: clientLines(words[0], url) };
}

function blank(action: Action): Report {
  const nothing = { url: null, gateway: null, key: null, keys: [], usage: null, lines: [], message: "" };
  return { action, running: false, ...nothing };
}

function about(entry: RotationEntry) {
  const { port, startedAtMs, logFile, process } = entry;
  const gateway = { port, pid: process.pid, startedAt: new Date(startedAtMs).toISOString(), logFile };
  return { url: gatewayUrl(entry), gateway };
}

function startText(url: string): string {
  return [
    `The gateway listens at ${url}`,
    "Make a key for a client: codex auth gateway key create <name>",
  ].join("\n");
}

function noWords(words: readonly string[], action: Action): void {
  if (words.length > 0) throw usageError("Too many words.", `codex auth gateway ${action}`);
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CodexAuthError("usage", `Invalid port: ${text}`, { hint: "Give a number from 1 to 65535." });
}

function usageError(message: string, form: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint: `Usage: ${form}` });
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
