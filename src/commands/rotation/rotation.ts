import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { selectAccount } from "../../pool/select.ts";
import { defineCommand, offering, type Zod } from "../../program/command.ts";
import { asInvoked } from "../../program/invocation.ts";
import type { RotationStatus } from "../../proxy/options.ts";
import { codexLines, dialectOf, shellLines } from "../../reports/rotation-usage.ts";
import { counted } from "../../text/times.ts";
import {
  backgroundVariable,
  findAskedRotation,
  findRotation,
  type RotationState,
  runningRotation,
  type RunningRotation,
  startInBackground,
  stateText,
  stopRotation,
} from "./client.ts";
import { proxyReport, proxySchema, rotationLines } from "./document.ts";
import { serveRotation } from "./serve.ts";

interface Options {
  port?: string;
  pin?: string;
  websocket?: boolean;
  background?: boolean;
  now?: boolean;
  shell?: string;
  json?: boolean;
}

const description = [
  "Run the rotation proxy: a program of this machine that gives each request of Codex to the account that serves it best, and moves on before Codex notices a failure.",
  "",
  "start runs until Ctrl-C; with --background it returns when the proxy answers. status and stop are about that proxy, enable-hint says how Codex uses it, env prints the address and the key for other clients. Nothing is written to config.toml: a Codex whose proxy is gone waits forever, so the address belongs on the command line.",
  "",
  "Recommended, for one run of Codex and without a proxy that stays: codex auth exec --rotate -- codex. After stop any user of this machine may listen on the port, and a Codex that still has the address gives that user its token; doctor finds it.",
].join("\n");

const actions = ["start", "stop", "status", "env", "enable-hint"] as const;
type Action = (typeof actions)[number];

const schema = (z: Zod) =>
  z.object({
    action: z.enum(actions),
    running: z.boolean().describe("when the command ended"),
    proxy: proxySchema(z).nullable().describe("for stop, and start in the foreground: its last figures"),
    lines: z
      .array(z.string())
      .describe("for enable-hint and env: what to type, never the key; for stop: what to mind"),
    message: z.string(),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .addArgument(offering(command.createArgument("<action>", actions.join(", ")), actions))
      .option("--port <n>", "start: this port instead of a free one")
      .option("--pin <account>", "start: this account serves everything, or nothing does")
      .option("--websocket", "start: serve WebSockets too; without it Codex takes HTTP, silently")
      .option("--background", "start: leave the proxy running in the background")
      .option("--now", "stop: do not wait for the requests that run")
      .addOption(
        offering(command.createOption("--shell <name>", "env: sh, fish or powershell"), [
          "sh",
          "fish",
          "powershell",
        ]),
      ),
  examples: [
    ["codex auth rotation start", "run it here until Ctrl-C"],
    ["codex auth rotation start --background --port 4321", "leave it running"],
    ["codex auth rotation enable-hint", "how Codex uses it"],
    ['eval "$(codex auth rotation env)"', "for another client: OPENAI_BASE_URL and OPENAI_API_KEY"],
    ["codex auth rotation stop", "end it when its requests have ended"],
  ],
  exits: { "1": "refused or failed; status: it does not run or does not answer" },
  schema,
  run: (ctx: Context, [word]: [string], options: Options) => runs[actionOf(word)](ctx, options),
  render: ({ action, message, proxy, lines }, ui) => {
    if (action === "env") return "";
    const shown = proxy && action === "status" ? rotationLines(proxy, ui) : [];
    return [message, ...shown, ...lines].join("\n");
  },
  exitCode: ({ action, running }) => (action === "status" && !running ? 1 : 0),
});

function actionOf(word: string): Action {
  const action = actions.find((each) => each === (word === "how" ? "enable-hint" : word));
  const hint =
    "Usage: codex auth rotation start|stop|status|env|enable-hint. See: codex auth rotation --help";
  if (!action) throw new CodexAuthError("usage", `Unknown action: ${word}`, { hint });
  return action;
}

const runs = { start, stop, status, env, "enable-hint": enableHint };

async function start(ctx: Context, { background = false, ...options }: Options) {
  const port = portOf(options.port);
  const id = options.pin === undefined ? null : selectAccount(await ctx.store.read(), options.pin).id;
  if (background) {
    const argv = [
      "--port",
      String(port),
      ...(id ? ["--pin", id] : []),
      ...(options.websocket ? ["--websocket"] : []),
    ];
    return runningReport(ctx, "start", await startInBackground(ctx, argv));
  }
  const logFile = ctx.env[backgroundVariable] ?? null;
  const { status: last, entry } = await serveRotation(ctx, {
    port,
    logFile,
    webSocket: options.websocket,
    pin: id === null ? undefined : { accountId: id, source: "--pin" },
    onReady: ({ port: found, accounts }) => {
      const lines = [startText(found), ...codexLines(found, ctx.env), ...emptyNote(accounts)];
      if (logFile === null) lines.push("Ctrl-C ends it.");
      ctx.stderr.write(asInvoked(ctx, `${lines.join("\n")}\n`));
    },
  });
  const served = last.accounts.reduce((sum, account) => sum + account.served, 0);
  const message = `The rotation proxy has ended. It answered ${counted(served, "request")}.`;
  return { action: "start" as const, running: false, proxy: proxyReport(last, entry), lines: [], message };
}

async function stop(ctx: Context, { now = false }: Options) {
  const state = await findRotation(ctx);
  await stopRotation(ctx, state, now);
  const proxy = reportOf(state);
  const wasRunning = state.kind === "running" || state.kind === "silent";
  const message = wasRunning ? "The rotation proxy has ended." : stateText(state);
  const lines = wasRunning ? portLines(state.entry.port) : [];
  return { action: "stop" as const, running: false, proxy, lines, message };
}

/** Any user of this machine may listen there next. */
function portLines(port: number): string[] {
  return [
    `A Codex that still has its address would give its token to whoever listens on port ${port} next, so end it,`,
    `or start the proxy there again: codex auth rotation start --port ${port}. For one run: codex auth exec --rotate -- codex`,
  ];
}

async function status(ctx: Context) {
  const state = await findAskedRotation(ctx);
  const running = state.kind === "running";
  const text = running ? startText(state.entry.port) : stateText(state);
  const message = state.isRun ? `${text} It is that of exec --rotate, and ends with its command.` : text;
  // Codex has shown the hint that leads here, and its run may be over.
  const lines = running ? [] : ["What each account has left, and when it returns: codex auth forecast"];
  return { action: "status" as const, running, proxy: reportOf(state), lines, message };
}

/** The key goes to standard output alone, as that of `token` does; JSON has the names of the variables. */
async function env(ctx: Context, { shell, json = false }: Options) {
  const state = await runningRotation(ctx);
  const { env: variables } = ctx;
  const place = { dialect: dialectOf(shell, variables["SHELL"]), env: variables };
  if (!json) ctx.stdout.write(`${shellLines(state.entry, place).join("\n")}\n`);
  return { ...runningReport(ctx, "env", state), lines: shellLines({ ...state.entry, key: "…" }, place) };
}

async function enableHint(ctx: Context) {
  return runningReport(ctx, "enable-hint", await runningRotation(ctx));
}

/** Accounts may come later, and serve at once. */
function emptyNote(accounts: RotationStatus["accounts"]): string[] {
  const canServe = accounts.some(({ state }) => state !== "unusable" && state !== "login-needed");
  return canServe
    ? []
    : ["No account can serve yet. Add one: codex auth login. What is wrong: codex auth list"];
}

function runningReport(ctx: Context, action: Action, state: RunningRotation) {
  const { port } = state.entry;
  const lines = codexLines(port, ctx.env);
  return { action, running: true, proxy: reportOf(state), lines, message: startText(port) };
}

function reportOf(state: RotationState) {
  return state.kind === "running" ? proxyReport(state.status, state.entry) : null;
}

function startText(port: number): string {
  return `The rotation proxy listens on http://127.0.0.1:${port}.`;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = /^\d+$/.test(text) ? Number(text) : -1;
  if (port === 0 || (port >= 1024 && port <= 65_535)) return port;
  throw new CodexAuthError("usage", `Invalid port: ${text}`, {
    hint: "Give a number from 1024 to 65535, or 0 for a free one.",
  });
}
