import type { Command } from "commander";
import { headlessReason } from "../auth/headless.ts";
import { issuerOf } from "../auth/token-endpoint.ts";
import { accountSchema } from "../cli/account-report.ts";
import { addLogin } from "../cli/add-login.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { checkedLabel } from "../cli/labels.ts";
import { readLoginSettings } from "../cli/login-settings.ts";
import { obtainLogin, say } from "../cli/obtain-login.ts";
import type { LoginFlow } from "../cli/obtain-login.ts";
import { processLines, processSchema } from "../cli/running-codex.ts";
import { selectAccount } from "../cli/select-account.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isInContainer } from "../store/container.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

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

export default defineCommand({
  flags: (command: Command) =>
    command
      .option("--browser", "sign in with a browser of this machine, also where none is expected")
      .option("--device-auth", "sign in with a browser anywhere, by typing a code there")
      .option("--manual", "sign in with a browser anywhere, and paste the address where it ends (or pipe it)")
      .option("--with-api-key", "read an API key from stdin")
      .option("--with-access-token", "read an access token from stdin")
      .option("--account <account>", "renew this account, and refuse the login of another one")
      .option("--yes", "with --account: keep the login of another account too")
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
  say(
    ctx,
    `A browser would hardly find the way back here, because ${reason}: signing in with a code instead.`,
  );
  say(ctx, "To use a browser of this machine all the same: codex auth login --browser\n");
  return "device";
}

type Report = Awaited<ReturnType<typeof addLogin>> & { processes: Parameters<typeof processLines>[0] };

function render({ account, outcome, switched, processes }: Report, ui: Ui): string {
  const { label, email, id, plan, row } = account;
  const name =
    label && email
      ? `${ui.bold(safeText(label))} (${safeText(email)})`
      : ui.bold(safeText(label ?? email ?? id));
  const lines = [outcomeText(outcome, name, plan === null ? "" : `, ${safeText(plan)}`)];
  if (switched) lines.push("It is the active account now.", ...processLines(processes, ui));
  else if (account.active) lines.push("It is the active account: auth.json has the new login.");
  else lines.push(ui.dim(`To make it the active one: codex auth switch ${safeText(label ?? String(row))}`));
  if (account.state === "paused") lines.push(ui.dim(`It is still paused: codex auth resume ${row}`));
  return lines.join("\n");
}

function outcomeText(outcome: Report["outcome"], name: string, plan: string): string {
  if (outcome === "added") return `Added ${name}${plan}.`;
  return outcome === "renewed" ? `Renewed the login of ${name}${plan}.` : `${name} is in the pool already.`;
}
