import type { Command } from "commander";
import { keepLease } from "../auth/lease-keeper.ts";
import { usableLogin } from "../auth/usable-login.ts";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import { autoSelect } from "../cli/auto-select.ts";
import { chosenAccount, chosenText } from "../cli/chosen-account.ts";
import type { Context, Ending } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { privateEnvironment } from "../cli/private-environment.ts";
import { selectAccount } from "../cli/select-account.ts";
import { accountName } from "../store/account-name.ts";
import { checkLogin } from "../cli/switch-checks.ts";
import { overrides } from "../codex/environment.ts";
import { lentDocument } from "../codex/lease.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { HomeLeavings, PrivateHome, Snapshot } from "../store/store.ts";
import { safeText } from "../ui/safe-text.ts";

interface Options {
  auto?: boolean;
  /** How many words stood before `--`. */
  wordsBeforeDashes: number;
}

// The help wraps each paragraph by itself.
const description = [
  "Run one command with one account, beside the active one.",
  "",
  "Which account, when none stands before the --: that of CODEX_AUTH_ACCOUNT, else of the nearest .codex-auth file (see use-here), else the active one. A line on standard error tells which.",
  "",
  "The command gets a CODEX_HOME of its own that shares settings and sessions with yours by links, and holds a login that Codex cannot renew or revoke: codex-auth renews it meanwhile. Its standard streams, signals and exit code are those of the command; so --json prints a document only when the command could not be started.",
].join("\n");

const schema = (z: Zod) =>
  z.object({
    account: accountSchema(z),
    exitCode: z.int().describe("of the program; 128 + n when signal n killed it"),
    notes: z.array(z.string()),
  });

/** The document is printed only when the program could not be started: after that, standard output is the program's. */
export default defineCommand({
  flags: (command: Command) =>
    command
      .usage("[options] [account] -- <command> [arguments…]")
      .description(description)
      .argument("[account]", "row, label, e-mail, id, a unique part of one, or -")
      .argument("[command...]", "the program and its arguments, after --")
      .option("--auto", "take the recommended account"),
  examples: [
    ["codex auth exec work -- codex exec 'say hi'", "one run with that account"],
    ["codex auth exec --auto -- codex", "with the recommended one"],
  ],
  exits: {
    "1": "refused or failed before the program ran",
    "126": "the program cannot be run",
    "127": "the program was not found",
    n: "the program's own code; 128 + n when signal n killed it",
  },
  schema,
  async run(ctx: Context, [first, others]: [string | undefined, string[]], options: Options) {
    const snapshot = await ctx.store.read();
    const words = first === undefined ? [] : [first, ...others];
    const { account, command, args } = await understand(ctx, snapshot, words, options);
    checkLogin(ctx, account, {});
    for (const { name } of overrides(ctx.env))
      ctx.stderr.write(`${name} is not handed on: it would override the login of the account.\n`);
    const login = await usableLogin(ctx, account);
    const home = await ctx.store.openPrivateHome(account.id, lentDocument(login));
    const isLease = login.kind === "chatgpt" && login.refreshToken !== "";
    const keeper = isLease ? keepLease(ctx, { accountId: account.id, login, home }) : null;
    const env = privateEnvironment(ctx, snapshot, { account, home });
    let ending: Ending | null = null;
    let notes: string[] = [];
    try {
      ending = await ctx.runInherited(command, args, { env, onStart: (pid) => home.occupy(pid) });
    } finally {
      keeper?.stop();
      notes = await close(home);
    }
    const exitCode = exitCodeOf(ending, command);
    const problem = keeper?.problem();
    if (problem)
      notes.push(`The access token could not be renewed while the command ran: ${textOf(problem)}`);
    return { account: reportOf(snapshot, account, ctx.now()), exitCode, notes };
  },
  render: () => "",
  isSilent: true,
  notes: ({ notes }) => notes,
  exitCode: ({ exitCode }) => exitCode,
});

interface Order {
  account: Account;
  command: string;
  args: readonly string[];
}

/** The first word is the account, unless it stands behind `--` or --auto chooses one. */
async function understand(
  ctx: Context,
  snapshot: Snapshot,
  words: readonly string[],
  { auto = false, wordsBeforeDashes }: Options,
): Promise<Order> {
  const isNamed = !auto && wordsBeforeDashes > 0;
  const [command, ...args] = isNamed ? words.slice(1) : words;
  if (command === undefined) {
    throw new CodexAuthError("usage", "Missing account or command.", {
      hint: "Usage: codex auth exec [account] -- <command> [arguments…]\nFor example: codex auth exec 2 -- codex exec 'say hi'",
    });
  }
  if (auto) return { account: (await autoSelect(ctx)).account, command, args };
  return {
    account: isNamed ? selectAccount(snapshot, words[0] ?? "") : accountHere(ctx, snapshot),
    command,
    args,
  };
}

/** Which one it is, and why, is told: nobody named it. */
function accountHere(ctx: Context, snapshot: Snapshot): Account {
  const chosen = chosenAccount(ctx, snapshot);
  if (!chosen) {
    throw new CodexAuthError("account_not_found", "No account is active, and no rule names one.", {
      hint: "Name it: codex auth exec <account> -- <command>, or for this folder: codex auth use-here <account>",
    });
  }
  ctx.stderr.write(`Using ${safeText(chosenText(chosen))}.\n`);
  return chosen.account;
}

/** What went wrong while tidying up is told, but it is the program's result that counts. */
async function close(home: PrivateHome): Promise<string[]> {
  try {
    return leavingsText(await home.close(), home);
  } catch (error) {
    return [`${home.path} could not be cleared; the next command tries again. ${textOf(error)}`];
  }
}

function leavingsText({ adopted, kept, isOccupied }: HomeLeavings, { path }: PrivateHome): string[] {
  const logins = adopted
    .filter(({ outcome }) => outcome === "added" || outcome === "updated")
    .map(({ account, outcome }) => `A login made inside was ${outcome}: ${accountName(account)}.`);
  const files = kept.map(
    (file) => `Codex's folder has another file of that name, so this one was kept: ${file}`,
  );
  const occupied = isOccupied ? [`A Codex still runs in ${path}; it is removed when that has ended.`] : [];
  return [...logins, ...files, ...occupied];
}

function exitCodeOf(ending: Ending, command: string): number {
  if (ending.kind === "exited") return ending.code;
  if (ending.kind === "killed") return 128 + ending.signal;
  const name = safeText(command);
  if (ending.kind === "not-found") {
    throw new CodexAuthError("program_not_found", `${name} was not found.`, {
      hint: "Check the name and PATH. The command stands after --: codex auth exec <account> -- <command>",
    });
  }
  throw new CodexAuthError("program_not_executable", `${name} cannot be run.`, {
    hint: `Is it a program, and may you run it? ls -l '${name}'`,
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
