import type { Command } from "commander";
import { headlessReason } from "../../auth/sign-in/browser.ts";
import type { LoginContext } from "../../auth/sign-in/issuer.ts";
import { type AuthDocument, type Login, readAuthDocument } from "../../codex/auth-json.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { isInContainer } from "../../machine/processes.ts";
import { issuerOf } from "../../openai/backend.ts";
import { checkedLabel, selectAccount } from "../../pool/select.ts";
import { defineCommand, type Zod } from "../../program/command.ts";
import { accountSchema } from "../../reports/account.ts";
import { processLines, processSchema } from "../../reports/running-codex.ts";
import { readLoginSettings } from "../../store/config-file.ts";
import { safeLines } from "../../text/safe-text.ts";
import type { Ui } from "../../ui/ui.ts";
import { addLogin } from "./add-login.ts";

interface Options {
  browser?: boolean;
  deviceAuth?: boolean;
  manual?: boolean;
  withApiKey?: boolean;
  withAccessToken?: boolean;
  account?: string;
  label?: string;
  switch?: boolean;
  yes?: boolean;
}

const schema = (z: Zod) =>
  z.object({
    flow: z.enum(["browser", "device", "manual", "apiKey", "accessToken"]).describe("how the login was got"),
    account: accountSchema(z),
    outcome: z
      .enum(["added", "renewed", "unchanged"])
      .describe("what the login did to the pool; a known account keeps its label and pause"),
    switched: z.boolean().describe("--switch made it the login in auth.json"),
    processes: z
      .array(processSchema(z))
      .describe("after --switch: running Codex that keeps the login it started with"),
  });

const about =
  "The login that Codex uses now stays in use until you add --switch or run codex auth switch. Without an option codex-auth opens a browser; where there is none, it shows a code to type into a browser on another machine. A known account keeps its label.";

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .option("--browser", "open a browser on this machine, even if codex-auth thinks there is none")
      .option("--device-auth", "show a code, and type it into a browser on any machine")
      .option("--manual", "use a browser on any machine, then paste (or pipe) the address of its last page")
      .option("--with-api-key", "read an API key from stdin")
      .option("--with-access-token", "read an access token from stdin")
      .option("--account <account>", "sign in again with this account; refuse any other one")
      .option("--yes", "with --account: if another account signs in, add it")
      .option("--label <name>", "give the account a short name")
      .option("--switch", "make the account the active one"),
  examples: [
    ["codex auth login", "sign in with the browser and add the account"],
    ["codex auth login --device-auth", "on a machine without a browser"],
    ["printenv OPENAI_KEY | codex auth login --with-api-key --label ci", "an API key, from stdin"],
  ],
  schema,
  async run(ctx: Context, _args: [], options: Options) {
    const named = namedFlow(options);
    const label = options.label === undefined ? null : checkedLabel(options.label);
    await ctx.store.requireReady();
    const snapshot = await ctx.store.read();
    const asked = options.account === undefined ? null : selectAccount(snapshot, options.account);
    const { forcedWorkspaceIds: [only, ...more] = [] } = readLoginSettings(ctx);
    const flow = named ?? chooseFlow(ctx);
    const workspaceId = only !== undefined && more.length === 0 ? only : null;
    const login = await obtainLogin(ctx, flow, { issuer: issuerOf(ctx.env), workspaceId });
    const { switch: makesLive = false, yes: takesOther = false } = options;
    const added = await addLogin(ctx, login, { asked, label, makesLive, takesOther });
    return { flow, ...added, processes: added.switched ? (ctx.processes() ?? []) : [] };
  },
  render,
});

function namedFlow(options: Options): LoginFlow | null {
  const { browser, deviceAuth, manual, withApiKey, withAccessToken } = options;
  const flows: [LoginFlow, boolean | undefined][] = [
    ["browser", browser],
    ["device", deviceAuth],
    ["manual", manual],
    ["apiKey", withApiKey],
    ["accessToken", withAccessToken],
  ];
  const [first, ...others] = flows.filter(([, isNamed]) => isNamed);
  if (others.length === 0) return first?.[0] ?? null;
  throw new CodexAuthError("usage", "A login goes one way.", {
    hint: "Give one of --browser, --device-auth, --manual, --with-api-key, --with-access-token.",
  });
}

/** Where no browser is expected, the flow that needs none here. */
function chooseFlow(ctx: Context): LoginFlow {
  const { env, platform, fs } = ctx;
  const reason = headlessReason({ env, platform, isInContainer: isInContainer(fs) });
  if (reason === null) return "browser";
  say(ctx, `A browser cannot reach codex-auth here, because ${reason}. Using a code instead.`);
  say(ctx, "To use a browser of this machine all the same: codex auth login --browser\n");
  return "device";
}

type Report = Awaited<ReturnType<typeof addLogin>> & { processes: Parameters<typeof processLines>[0] };

function render({ account, outcome, switched, processes }: Report, ui: Ui): string {
  const { label, email, id, plan, row } = account;
  const name = label && email ? `${ui.bold(label)} (${email})` : ui.bold(label ?? email ?? id);
  const lines = [outcomeText(outcome, name, plan === null ? "" : `, ${plan}`)];
  if (switched) lines.push("It is the active account now.", ...processLines(processes, ui));
  else if (account.active) lines.push("It is the active account: auth.json has the new login.");
  else lines.push(ui.dim(`To make it the active one: codex auth switch ${label ?? String(row)}`));
  if (account.state === "paused") lines.push(ui.dim(`It is still paused: codex auth resume ${row}`));
  return lines.join("\n");
}

function outcomeText(outcome: Report["outcome"], name: string, plan: string): string {
  if (outcome === "added") return `Added ${name}${plan}.`;
  return outcome === "renewed" ? `Renewed the login of ${name}${plan}.` : `${name} is in the pool already.`;
}

type LoginFlow = "browser" | "device" | "manual" | "apiKey" | "accessToken";

interface Target {
  issuer: string;
  workspaceId: string | null;
}

/** Gets a new login. Nothing is written anywhere. */
async function obtainLogin(ctx: Context, flow: LoginFlow, target: Target): Promise<Login> {
  if (flow === "apiKey" || flow === "accessToken") return await secretLogin(ctx, flow);
  return await ctx.interruptible(async (stop) => {
    const signIn = signInContext(ctx, stop);
    if (flow === "browser")
      return (await import("../../auth/sign-in/browser.ts")).browserLogin(signIn, target);
    if (flow === "device")
      return (await import("../../auth/sign-in/device.ts")).deviceLogin(signIn, target.issuer);
    const { manualLogin } = await import("../../auth/sign-in/browser.ts");
    return manualLogin(signIn, target, async () => {
      const text = await readLine(ctx, stop, { question: "Address: ", isHidden: false });
      // Blank lines of a pipe are passed over: this is its end.
      return text === "" && !ctx.stdin.isTerminal ? null : text;
    });
  });
}

function signInContext(ctx: Context, stop: AbortSignal): LoginContext {
  const { fetch, now, sleep, openUrl, fs } = ctx;
  return { fetch, now, sleep, openUrl, fs, stop, say: (text) => say(ctx, text) };
}

/** Progress and addresses: never part of the answer. */
function say({ stderr }: Pick<Context, "stderr">, text: string): void {
  stderr.write(`${safeLines(text)}\n`);
}

function readLine(
  { stdin, prompt }: Context,
  stop: AbortSignal,
  { question, isHidden }: { question: string; isHidden: boolean },
): Promise<string> {
  return stdin.isTerminal ? prompt(question, { isHidden }) : stdin.readLine(stop);
}

async function secretLogin(ctx: Context, flow: "apiKey" | "accessToken"): Promise<Login> {
  const { apiKeyDocument, accessTokenDocument } = await import("../../auth/sign-in/issuer.ts");
  const question = flow === "apiKey" ? "API key (not shown): " : "Access token (not shown): ";
  const text = await ctx.interruptible((stop) => readLine(ctx, stop, { question, isHidden: true }));
  const secret = checkedSecret(flow, text.trim());
  return loginIn(flow === "apiKey" ? apiKeyDocument(secret) : accessTokenDocument(secret));
}

/** A secret is one word. What looks like the other kind is most likely a slip. */
function checkedSecret(flow: "apiKey" | "accessToken", text: string): string {
  const isKey = flow === "apiKey";
  const what = isKey ? "API key" : "access token";
  const flag = isKey ? "--with-api-key" : "--with-access-token";
  if (!/^[\x21-\x7e]{8,}$/.test(text)) {
    throw secretError(
      `Standard input holds no ${what}.`,
      `Pipe it, for example: printenv OPENAI_API_KEY | codex auth login ${flag}`,
    );
  }
  if (isKey ? /^(at-|eyJ)/.test(text) : text.startsWith("sk-")) {
    const other = isKey ? "--with-access-token" : "--with-api-key";
    throw secretError(`Standard input holds no ${what}.`, `For the other kind of secret: ${other}`);
  }
  return text;
}

function secretError(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("login_secret_invalid", message, { hint: `${hint}\nNothing was changed.` });
}

function loginIn(document: AuthDocument): Login {
  const reading = readAuthDocument(document);
  if (reading.kind === "login") return reading.login;
  throw new Error("A document of our own holds no login.");
}
