import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { accountName } from "../store/account-name.ts";
import { readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { adopt } from "../store/adopt.ts";
import { collectLoginFiles, sizeLimit } from "../store/login-files.ts";
import type { LoginFile } from "../store/login-files.ts";
import type { Draft } from "../store/store.ts";
import { safeText } from "../ui/safe-text.ts";
import { renderTable } from "../ui/table.ts";

interface Source {
  path: string;
  /** Named on the command line, not found in a folder. */
  isNamed: boolean;
  reading: { login: Login } | { problem: string };
}

const schema = (z: Zod) =>
  z.object({
    results: z.array(
      z.object({
        path: z.string(),
        outcome: z.enum(["added", "updated", "unchanged", "skipped", "ignored"]),
        reason: z.string().nullable(),
        accountId: z.string().nullable().describe("`id` of the account"),
        name: z.string().nullable(),
      }),
    ),
    summary: z.object({
      added: z.int(),
      updated: z.int(),
      unchanged: z.int(),
      skipped: z.int(),
      ignored: z.int(),
    }),
    failed: z.int().describe("files named on the command line that hold no login"),
  });

type Result = ReturnType<typeof importOne>;

export default defineCommand({
  flags: (command: Command) =>
    command.argument(
      "[path...]",
      "auth.json files, folders (searched two levels deep) or - for stdin; without one, the login in CODEX_HOME",
    ),
  examples: [
    ["codex auth import", "take in the login that Codex has now"],
    ["codex auth import ~/logins", "every auth.json in a folder"],
    ["ssh box cat .codex/auth.json | codex auth import -", "from stdin"],
  ],
  schema,
  async run(ctx: Context, [paths]: [string[]]) {
    const sources = await collect(ctx, paths.length > 0 ? paths : [ctx.store.paths.authFile]);
    if (!sources.some(({ reading }) => "login" in reading)) throw nothingFound(sources);
    const results = await ctx.store.transaction("import", (draft) =>
      sources.map((source) => importOne(draft, source, ctx.now())),
    );
    const failed = sources.filter(({ isNamed, reading }) => isNamed && "problem" in reading).length;
    return { results, summary: count(results), failed };
  },
  render: ({ results, summary }) => {
    const shown = results.filter(({ outcome }) => outcome !== "ignored");
    const rows = shown.map(({ outcome, name, reason, path }) => [
      outcome,
      safeText(name ?? ""),
      safeText(reason ?? path),
    ]);
    const total = Object.entries(summary).filter(([, amount]) => amount > 0);
    return `${renderTable(["RESULT", "ACCOUNT", "FROM"], rows)}\n\n${total.map(([word, amount]) => `${amount} ${word}`).join(", ")}.`;
  },
  notes: ({ results }) =>
    results
      .filter(({ outcome }) => outcome === "ignored")
      .map(({ path, reason }) => `Ignored ${path}: ${reason}`),
  exitCode: ({ failed }) => (failed > 0 ? 1 : 0),
});

async function collect(ctx: Context, paths: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    const files: LoginFile[] =
      path === "-"
        ? [{ path: "-", text: await ctx.stdin.readAll(sizeLimit), isNamed: true }]
        : collectLoginFiles(ctx.fs, path, ctx.cwd);
    sources.push(...files.map(readSource));
  }
  return sources;
}

function readSource(file: LoginFile): Source {
  const { path, isNamed } = file;
  if ("problem" in file) return { path, isNamed, reading: { problem: file.problem } };
  const reading = readAuthJson(file.text);
  if (reading.kind === "login") return { path, isNamed, reading: { login: reading.login } };
  const problem = reading.kind === "broken" ? reading.problem : "it holds no credentials";
  return { path, isNamed, reading: { problem } };
}

function importOne(draft: Draft, { path, reading }: Source, nowMs: number) {
  if ("problem" in reading) {
    return { path, outcome: "ignored" as const, reason: reading.problem, accountId: null, name: null };
  }
  const { outcome, account, displaced } = adopt(draft.pool, reading.login, { nowMs, tie: "pool" });
  if (displaced) draft.park(displaced);
  const words = { added: "added", updated: "updated", same: "unchanged", kept: "skipped" } as const;
  const reason = outcome === "kept" ? "the token in the pool is as new or newer" : null;
  return { path, outcome: words[outcome], reason, accountId: account.id, name: accountName(account) };
}

function count(results: readonly Result[]) {
  const of = (wanted: Result["outcome"]) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    added: of("added"),
    updated: of("updated"),
    unchanged: of("unchanged"),
    skipped: of("skipped"),
    ignored: of("ignored"),
  };
}

function nothingFound(sources: readonly Source[]): CodexAuthError {
  const [first] = sources;
  const isOne = sources.length === 1 && first !== undefined && "problem" in first.reading;
  const message = isOne
    ? `${first.path} was not imported: ${"problem" in first.reading ? first.reading.problem : ""}.`
    : sources.length === 0
      ? "There are no .json files there, or the folder cannot be read."
      : `None of ${sources.length} files holds a Codex login.`;
  return new CodexAuthError("import_failed", message, {
    hint: "Name an auth.json, or a folder of them: codex auth import ~/.codex/auth.json",
  });
}
