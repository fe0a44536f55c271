import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { defineCommand, offering, offeringBehind } from "../../program/command.ts";
import { asInvoked } from "../../program/invocation.ts";
import { metricsPortOf, portOf, publicAddress } from "./address.ts";
import {
  about,
  type Action,
  actions,
  offeredWords,
  blank,
  keyLines,
  keyTable,
  noWords,
  placeTable,
  type Report,
  gatewayDocument as schema,
  usageError,
  usageLines,
} from "./document.ts";
import { accounts, adopt, release } from "./accounts.ts";
import { database } from "./database.ts";
import {
  askDecisions,
  backgroundVariable,
  databaseAddress,
  decisionLines,
  findGateway,
  gatewayBeside,
  gatewayText,
  gatewayUrl,
  startInBackground,
  startHints,
  startLines,
  stopGateway,
  withDatabase,
} from "./running.ts";
import { keyActions, type KeyOptions } from "./keys.ts";
import { client, open, usage } from "./questions.ts";
import { stockOf } from "./shared.ts";

interface Options extends KeyOptions {
  readonly port?: string;
  readonly background?: boolean;
  readonly now?: boolean;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly metricsPort?: string;
  readonly browser: boolean;
}

const description = [
  "Run the pool gateway: OpenAI's routes on this machine, for programs and people with keys and limits of their own, on the accounts of the pool.",
  "",
  "start runs until Ctrl-C; with --background it returns when the gateway listens. key makes and manages keys, also while no gateway runs. client prints what a client needs. open shows the page of the gateway, where keys, accounts, costs and requests are. demo shows all of it on made-up accounts, without a network. Keys and use are in gateway.db beside the pool, or in the PostgreSQL database of --database or CODEX_AUTH_DATABASE.",
  "",
  "adopt moves a login out of the pool of this machine into that PostgreSQL database, sealed with the key of CODEX_AUTH_KEY_FILE, and gateways that share the database serve from it; release moves one back; accounts says where each is. database check looks and changes nothing, migrate makes what is missing, claim says that a restored copy is the one that counts.",
].join("\n");

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .addArgument(offering(command.createArgument("<action>", actions.join(", ")), actions))
      .addArgument(
        offeringBehind(
          command.createArgument(
            "[words...]",
            "key: create, list, show, edit, revoke, rotate or reset, and a name; client: codex, opencode or env; adopt and release: an account; database: check, migrate or claim",
          ),
          { key: Object.keys(keyActions), ...offeredWords },
        ),
      )
      .option("--port <n>", "start: this port instead of a free one")
      .option("--background", "start: leave the gateway running in the background")
      .option("--host <address>", "start: listen on this address, for other machines; needs --public-url")
      .option(
        "--public-url <url>",
        "start: the address that other machines use for it, as https://pool.example",
      )
      .option("--metrics-port <n>", "start: answer /metrics on this port, without a key")
      .option("--no-browser", "open: only print the link")
      .option("--database <address>", "where keys and shared accounts are: a file, or postgres://…")
      .option("--now", "stop: do not wait for the requests that run; key revoke: end those of the key")
      .option(
        "--limit <kind=max/window>",
        "key create/edit: a limit, as requests=100/day or cost=5usd/week; may be repeated; none: without",
        collect,
      )
      .option(
        "--model <name>",
        "key create/edit: a model that it may use; may be repeated; all: every model",
        collect,
      )
      .option(
        "--account <account>",
        "key create/edit: an account that may serve it; may be repeated; all: every account",
        collect,
      )
      .option("--expires <duration>", "key create/edit: how long it lasts, as 12h or 30d; never: without end")
      .option("--parallel <n>", "key create/edit: requests at the same time; none: without")
      .addOption(
        offering(command.createOption("--role <role>", "key create: client (default) or admin"), [
          "client",
          "admin",
        ]),
      )
      .option("--name <name>", "key edit: another name"),
  examples: [
    ["codex auth gateway demo", "see it at work; nothing of yours is touched"],
    ["codex auth gateway start", "run it here until Ctrl-C"],
    [
      "codex auth gateway key create ci --limit requests=100/day --limit cost=5usd/week",
      "make a key with limits",
    ],
    ["codex auth gateway key revoke ci --now", "take a key back, and end what it runs"],
    ["codex auth gateway client codex", "what Codex needs to use it"],
    ["codex auth gateway open", "the page: accounts, keys, costs, requests"],
    ["codex auth gateway usage ci", "what a key has used"],
    ["codex auth gateway adopt work --database postgres://db/codex", "share a login with other gateways"],
  ],
  exits: { "1": "refused or failed; status: it does not run or is not well; database check: it is not well" },
  schema,
  run: (ctx: Context, [word, words = []]: [string, string[]?], options: Options) => {
    const action = actions.find((each) => each === word);
    if (!action) throw usageError(`Unknown action: ${word}`, `codex auth gateway ${actions.join("|")}`);
    return runs[action](ctx, words, options).then((report) => ({ ...report, ...placeBeside(ctx, report) }));
  },
  render: ({ message, key, keys, boundTo, lines, usage, link, steps, accounts, decisions, problems }, ui) => {
    const parts = link === null ? [message] : [message, link];
    if (accounts.length > 0) parts.push(placeTable(accounts, ui));
    if (key?.secret !== undefined) parts.push("", key.secret, "");
    if (key) parts.push(...keyLines(key, boundTo));
    if (keys.length > 0) parts.push(keyTable(keys, ui));
    if (usage) parts.push(...usageLines(usage, ui));
    for (const { does, line, output } of steps)
      parts.push("", does, ui.cyan(`$ ${line}`), ...output.split("\n"));
    return [...parts, ...lines, ...decisionLines(decisions, ui), ...problems]
      .filter((line, at) => line !== "" || at > 0)
      .join("\n");
  },
  exitCode: ({ action, running, problems }) =>
    (action === "status" && !running) || problems.length > 0 ? 1 : 0,
});

const runs: Record<Action, (ctx: Context, words: readonly string[], options: Options) => Promise<Report>> = {
  start,
  status,
  stop,
  key,
  usage,
  client,
  open,
  demo,
  adopt,
  release,
  accounts,
  database,
};

/** A command that needs no gateway tells of the one that runs, too. */
function placeBeside(ctx: Context, { action, running }: Report): Partial<Report> {
  if (running || ["start", "status", "stop", "demo"].includes(action)) return {};
  const entry = gatewayBeside(ctx);
  return entry === null ? {} : { ...about(entry), running: true };
}

async function start(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  noWords(words, "start");
  const port = portOf(options.port);
  const { host, publicUrl } = publicAddress(options);
  const metricsPort = metricsPortOf(options.metricsPort, port);
  const address = databaseAddress(ctx, options.database);
  if (options.background) {
    const argv = publicUrl === null ? [] : ["--host", host, "--public-url", publicUrl.href];
    if (metricsPort !== null) argv.push("--metrics-port", String(metricsPort));
    // The address may hold a password, which a command line would show to everybody.
    const entry = await startInBackground(ctx, [...argv, "--port", String(port)], {
      CODEX_AUTH_DATABASE: address,
    });
    const stock = await withDatabase(ctx, address, (opened) => stockOf(ctx, opened));
    const [message, ...lines] = startLines({ url: gatewayUrl(entry), publicUrl, ...stock });
    return { ...blank("start"), ...about(entry), running: true, message, lines };
  }
  const { serveGateway } = await import("./serve.ts");
  const logFile = ctx.env[backgroundVariable] ?? null;
  await serveGateway(ctx, {
    port,
    host,
    metricsPort,
    publicUrl,
    address,
    logFile,
    onReady: (gateway) =>
      ctx.stderr.write(
        asInvoked(
          ctx,
          [
            ...startLines({ ...gateway.status(), url: gateway.url, publicUrl }),
            ...(logFile === null ? ["Ctrl-C ends it."] : []),
            "",
          ].join("\n"),
        ),
      ),
  });
  return { ...blank("start"), message: "The gateway has ended." };
}

async function status(ctx: Context, words: readonly string[]): Promise<Report> {
  noWords(words, "status");
  const state = await findGateway(ctx);
  const known = state.kind === "none" || state.kind === "killed" ? {} : about(state.entry);
  const isRunning = state.kind === "running";
  const decisions = isRunning ? await askDecisions(ctx, state.entry) : [];
  const [message, lines] = [gatewayText(state), startHints(state)];
  return { ...blank("status"), ...known, running: isRunning, decisions, message, lines };
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
    const what = word === "" ? "Say what is to be done with keys." : `Unknown key action: ${word}`;
    throw usageError(what, "codex auth gateway key create|list|show|edit|revoke|rotate|reset");
  }
  return { ...blank("key"), ...(await run(ctx, words, options)) };
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

async function demo(ctx: Context, words: readonly string[]): Promise<Report> {
  return await (await import("./demo.ts")).demo(ctx, words);
}
