import type { Command } from "commander";
import { checkLogin } from "../../auth/allowed-login.ts";
import { usableLogin } from "../../auth/renew/usable-login.ts";
import { configArguments } from "../../codex/config/layers.ts";
import { overrides } from "../../codex/environment.ts";
import type { Context, Ending } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Account } from "../../pool/account.ts";
import { selectAccount } from "../../pool/select.ts";
import { defineCommand, type Zod } from "../../program/command.ts";
import type { Launched } from "../../proxy/launch.ts";
import type { Pin } from "../../proxy/options.ts";
import { accountSchema, reportOf } from "../../reports/account.ts";
import { withDelays } from "../../reports/live-probe.ts";
import { autoSelect } from "../../reports/recommendation.ts";
import { unusedLoginNotes } from "../../store/config-file.ts";
import { chosenAccount, chosenText } from "../../store/files/folder-rule.ts";
import type { Snapshot } from "../../store/store.ts";
import { shellWord } from "../../text/shell-words.ts";
import { safe } from "../../text/safe-text.ts";
import { runPrivately } from "./private-run.ts";
import { bypassNote, heldAccount, isCodex, pinOfRun } from "./rotated-run.ts";

interface Options {
  auto?: boolean;
  rotate?: boolean;
  account?: string;
  websocket?: boolean;
  /** How many words stood before `--`. */
  wordsBeforeDashes: number;
}

// The help wraps each paragraph by itself.
const description = [
  "Run one command with another account than the active one. The active one stays.",
  "",
  "Name the account before the --. Without a name: the account in CODEX_AUTH_ACCOUNT, else the one in the nearest .codex-auth file (see use-here), else the active one. A line on standard error says which one it is.",
  "",
  'With --rotate a proxy runs as long as the command. It sends each request with the best account, and changes the account before Codex meets a limit. A program named codex gets the address of the proxy as -c openai_base_url. Any other program gets it in OPENAI_BASE_URL, with a key in OPENAI_API_KEY; in a script: codex -c openai_base_url="$OPENAI_BASE_URL". If CODEX_AUTH_ACCOUNT or a .codex-auth file names an account, only that one is used.',
  "",
  "The command gets its own CODEX_HOME. Settings and sessions in it are links to yours; its login cannot be renewed or revoked by Codex, so codex-auth renews it while the command runs. Input, output, signals and exit code are those of the command. --json prints a document only if the command could not be started.",
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
      .argument("[account]", "row, label or e-mail (or a unique part), id (or its first 4 characters), or -")
      .argument("[command...]", "the program and its arguments, after --")
      .option("--auto", "use the recommended account")
      .option("--rotate", "use all accounts, through a proxy for this run")
      .option("--account <account>", "with --rotate: use only this account")
      .option("--websocket", "with --rotate: also allow WebSockets; without it Codex uses HTTP"),
  examples: [
    ["codex auth exec work -- codex exec 'say hi'", "one run with that account"],
    ["codex auth exec --auto -- codex", "with the recommended one"],
    ["codex auth exec --rotate -- codex", "with all accounts, one after the other"],
  ],
  exits: {
    "1": "codex-auth could not start the program",
    "126": "the program cannot be run",
    "127": "the program was not found",
    n: "the program's own code; 128 + n when signal n killed it",
  },
  schema,
  async run(ctx: Context, [first, others]: [string | undefined, string[]], options: Options) {
    const snapshot = await ctx.store.read();
    const words = first === undefined ? [] : [first, ...others];
    const order = await understand(ctx, snapshot, words, options);
    const { account, command } = order;
    const asked = isCodex(command) ? configArguments(order.args) : undefined;
    checkLogin(ctx, account, { asked, isPrivate: true, pool: snapshot.pool });
    for (const { name } of overrides(ctx.env))
      ctx.stderr.write(`${name} is not handed on: it would override the login of the account.\n`);
    for (const note of unusedLoginNotes(ctx, asked)) ctx.stderr.write(safe`${note}\n`);
    await ctx.store.requirePrivateHomes();
    const login = await usableLogin(withDelays(ctx), account);
    let neighbours = 0;
    const launched = options.rotate
      ? await launchFor(ctx, order, { ...options, neighbours: () => neighbours })
      : null;
    const startedAtMs = ctx.now();
    const leave = launched && ctx.store.rotationRuns.enter(entryOf(launched, startedAtMs));
    const count = () => (neighbours = ctx.store.rotationRuns.countBefore(startedAtMs));
    if (launched) count();
    // Runs that begin at the same moment have entered themselves by then, and Codex has not asked yet.
    const settle = launched ? ctx.schedule(settleMs, count) : () => undefined;
    try {
      const run = { ...order, login, launched, isPinned: order.pin !== undefined };
      const { ending, notes } = await runPrivately(ctx, snapshot, run);
      const exitCode = exitCodeOf(ending, command);
      return { account: reportOf(snapshot, account, ctx.now(), ctx.store.usage()), exitCode, notes };
    } finally {
      settle();
      leave?.();
      await launched?.proxy.close();
    }
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
  /** With --rotate: the account that alone may serve. */
  pin?: Pin | undefined;
}

/** By it `rotation status` finds the proxy of the run. */
function entryOf({ proxy: { port }, key }: Launched, startedAtMs: number) {
  return { port, key, startedAtMs };
}

const settleMs = 200;

interface Launching extends Pick<Options, "websocket"> {
  neighbours: () => number;
}

async function launchFor(
  ctx: Context,
  { pin, ...order }: Order,
  { websocket, neighbours }: Launching,
): Promise<Launched> {
  const note = bypassNote(ctx, order);
  if (note !== null) ctx.stderr.write(`${note}\n`);
  const { launchProxy } = await import("../../proxy/launch.ts");
  return await launchProxy(ctx, { pin, webSocket: websocket, neighbours });
}

/** The first word is the account, unless it stands behind `--` or --auto chooses one. */
async function understand(
  ctx: Context,
  snapshot: Snapshot,
  words: readonly string[],
  options: Options,
): Promise<Order> {
  const { auto = false, rotate = false, wordsBeforeDashes } = options;
  requireFitting(options);
  const isNamed = !auto && wordsBeforeDashes > 0;
  const [command, ...args] = isNamed ? words.slice(1) : words;
  if (command === undefined) {
    throw new CodexAuthError("usage", "Missing command.", {
      hint: "Usage: codex auth exec [account] -- <command> [arguments…]\nFor example: codex auth exec 2 -- codex exec 'say hi'",
    });
  }
  if (rotate) {
    const pin = pinOfRun(ctx, snapshot, options.account);
    return { account: heldAccount(ctx, snapshot, pin), command, args, pin };
  }
  if (auto) return { account: (await autoSelect(ctx)).account, command, args };
  return {
    account: isNamed ? selectAccount(snapshot, words[0] ?? "") : accountHere(ctx, snapshot),
    command,
    args,
  };
}

function requireFitting({ auto, rotate, account, websocket, wordsBeforeDashes }: Options): void {
  const hint = "Usage: codex auth exec --rotate [--account <account>] -- <command> [arguments…]";
  if (rotate && (auto || wordsBeforeDashes > 0))
    throw new CodexAuthError("usage", "With --rotate every account serves, so none is named before the --.", {
      hint,
    });
  if (rotate || (account === undefined && !websocket)) return;
  throw new CodexAuthError("usage", "--account and --websocket belong to --rotate.", { hint });
}

/** Which one it is, and why, is told: nobody named it. */
function accountHere(ctx: Context, snapshot: Snapshot): Account {
  const chosen = chosenAccount(ctx, snapshot);
  if (!chosen) {
    throw new CodexAuthError("account_not_found", "No account is active, and no rule names one.", {
      hint: "Name it: codex auth exec <account> -- <command>, or for this folder: codex auth use-here <account>",
    });
  }
  ctx.stderr.write(safe`Using ${chosenText(chosen, snapshot.pool.accounts)}.\n`);
  return chosen.account;
}

function exitCodeOf(ending: Ending, command: string): number {
  if (ending.kind === "exited") return ending.code;
  if (ending.kind === "killed") return 128 + ending.signal;
  if (ending.kind === "not-found") {
    throw new CodexAuthError("program_not_found", `${command} was not found.`, {
      hint: "Check the name and PATH. The command stands after --: codex auth exec <account> -- <command>",
    });
  }
  throw new CodexAuthError("program_not_executable", `${command} cannot be run.`, {
    hint: `Is it a program, and may you run it? ls -l ${shellWord(command)}`,
  });
}
