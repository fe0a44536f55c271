import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { formatNames, otherUsers } from "../../interchange/format-names.ts";
import { defineCommand, offering, type Zod } from "../../program/command.ts";
import type { Transaction } from "../../store/store.ts";
import { table } from "../../ui/table.ts";
import { collectFindings, type Finding } from "./find-logins.ts";
import { importLogin, type ImportRun, replacedReport, takenReport } from "./take-login.ts";

interface Options {
  from?: string;
  passphraseStdin?: boolean;
  replace?: boolean;
}

const outcomes = ["added", "updated", "unchanged", "skipped", "refused", "ignored"] as const;

const schema = (z: Zod) =>
  z.object({
    results: z.array(
      z.object({
        path: z.string(),
        entry: z.string().nullable().describe("which login of the file; null when it holds one"),
        format: z.enum(formatNames).nullable(),
        outcome: z.enum(outcomes),
        reason: z.string().nullable(),
        accountId: z.string().nullable().describe("`id` of the account"),
        name: z.string().nullable(),
        replaced: z
          .object({
            issuedAt: z.string().nullable().describe("ISO time"),
            undo: z.string().nullable().describe("the command that brings it back"),
          })
          .nullable()
          .describe("the login that gave way, where it may still be good"),
      }),
    ),
    summary: z.object({
      added: z.int(),
      updated: z.int(),
      unchanged: z.int(),
      skipped: z.int().describe("older than what the pool has"),
      refused: z.int().describe("logins of Codex that cannot be taken"),
      ignored: z.int().describe("files without a login of Codex"),
    }),
    sharedWith: z
      .array(z.string())
      .describe("who else has these refresh tokens and must stop using them: each works once"),
    failed: z
      .int()
      .describe("files named on the command line that hold no login, and logins that were refused"),
  });

type Result = ReturnType<typeof takeFinding>;

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument(
        "[path...]",
        "auth.json files, stores of other tools, bundles, folders (searched three levels deep) or - for stdin; without one, the login in CODEX_HOME, or the usual place of --from",
      )
      .addOption(
        offering(
          command.createOption(
            "--from <format>",
            `read every file as this: ${formatNames.join(", ")}; found out unless given`,
          ),
          formatNames,
        ),
      )
      .option("--passphrase-stdin", "read the passphrase of an encrypted bundle from stdin")
      .option("--replace", "take these logins even where the pool has newer ones, which are put aside"),
  examples: [
    ["codex auth import", "take in the login that Codex has now"],
    ["codex auth import ~/logins", "every auth.json in a folder"],
    ["codex auth import --from codex-multi-auth", "what another tool has kept"],
    ["ssh box cat .codex/auth.json | codex auth import -", "from stdin"],
  ],
  schema,
  async run(ctx: Context, [paths]: [string[]], options: Options) {
    const findings = await collectFindings(ctx, paths, options);
    refuseNothing(findings);
    const taken = await ctx.store.transaction("import", (transaction) => {
      const mayReplace = options.replace ?? false;
      const run: ImportRun = { nowMs: ctx.now(), addedIds: new Set(), mayReplace };
      return findings.map((finding) => takeFinding(transaction, finding, run));
    });
    const results = taken.map((each) => withUndo(ctx, each));
    const failed = findings.filter(
      ({ kind, isNamed }) => kind === "refused" || (kind === "ignored" && isNamed),
    ).length;
    return { results, summary: count(results), sharedWith: sharedWith(findings), failed };
  },
  render: ({ results, summary }, ui) => {
    const shown = results.filter(({ outcome }) => outcome !== "ignored");
    const rows = shown.map(({ outcome, name, reason, path, entry }) => [
      outcome,
      name ?? entry ?? "",
      reason ?? (entry === null ? path : `${path}, ${entry}`),
    ]);
    const total = Object.entries(summary).filter(([, amount]) => amount > 0);
    const formats = new Set(
      shown.map(({ format }) => format).filter((each) => each !== null && each !== "codex"),
    );
    const origin = formats.size > 0 ? ` Read as ${[...formats].join(", ")}.` : "";
    return `${table(columns, rows, ui)}\n\n${total.map(([word, amount]) => `${amount} ${word}`).join(", ")}.${origin}`;
  },
  notes: ({ results, sharedWith: users }) => [
    ...results
      .filter(({ outcome }) => outcome === "ignored")
      .map(({ path, reason }) => `Ignored ${path}: ${reason}`),
    ...results.flatMap(({ name, replaced }) => (replaced ? [replacedNote(name, replaced)] : [])),
    ...users.map(
      (user) =>
        `A refresh token works once: from now on let only codex-auth renew these logins, and take them out of use at ${user}.`,
    ),
  ],
  exitCode: ({ failed }) => (failed > 0 ? 1 : 0),
});

const columns = [{ title: "RESULT" }, { title: "ACCOUNT", least: 16 }, { title: "FROM" }];

function takeFinding(transaction: Transaction, finding: Finding, run: ImportRun) {
  const { path, entry, format } = finding;
  if (finding.kind === "login") {
    const taken = importLogin(transaction, finding.stored, run);
    return { path, entry, format, ...takenReport(taken), replaced: taken.replaced };
  }
  const { kind, problem, name } = finding;
  return { path, entry, format, outcome: kind, reason: problem, accountId: null, name, replaced: null };
}

/** Where a login was put aside is known once that is done. */
function withUndo(ctx: Context, { replaced, ...result }: Result) {
  return Object.assign(result, { replaced: replaced ? replacedReport(ctx, replaced) : null });
}

function replacedNote(
  name: string | null,
  { issuedAt, undo }: { issuedAt: string | null; undo: string | null },
): string {
  const date = issuedAt === null ? "" : `, issued at ${issuedAt}`;
  return `Replaced the login of ${name} that the pool had${date}.${undo === null ? "" : ` To undo: ${undo}`}`;
}

function sharedWith(findings: readonly Finding[]): string[] {
  const users = findings.map((finding) =>
    finding.kind === "login" && finding.stored.login.refreshToken !== "" ? otherUsers[finding.format] : null,
  );
  return [...new Set(users.filter((user) => user !== null))];
}

function count(results: readonly Pick<Result, "outcome">[]) {
  const of = (wanted: Result["outcome"]) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    added: of("added"),
    updated: of("updated"),
    unchanged: of("unchanged"),
    skipped: of("skipped"),
    refused: of("refused"),
    ignored: of("ignored"),
  };
}

/** Where there is only one thing to tell, it is the error. */
function refuseNothing(findings: readonly Finding[]): void {
  const [first, ...more] = findings;
  if (first && more.length === 0 && first.kind !== "login") throw refusedError(first);
  if (findings.some(({ kind }) => kind !== "ignored")) return;
  const message =
    first === undefined
      ? "There are no .json files there, or the folder cannot be read."
      : `None of ${findings.length} files holds a Codex login.`;
  throw new CodexAuthError("import_failed", message, { hint: namingHint });
}

const namingHint = "Name an auth.json, or a folder of them: codex auth import ~/.codex/auth.json";

function refusedError({
  path,
  problem,
  hint = namingHint,
}: Exclude<Finding, { kind: "login" }>): CodexAuthError {
  return new CodexAuthError("import_failed", `${path} was not imported: ${problem}.`, { hint });
}
