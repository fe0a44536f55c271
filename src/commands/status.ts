import type { Command } from "commander";
import { overrides } from "../codex/environment.ts";
import { providerWithoutLogin } from "../codex/models.ts";
import type { Context } from "../context.ts";
import { processesOnOldLogin } from "../doctor/checks/processes.ts";
import { examine, plainFinding } from "../doctor/examine.ts";
import { once, readFacts } from "../doctor/facts.ts";
import { loginChecks } from "../doctor/login-checks.ts";
import { CodexAuthError, type Finding } from "../errors/codex-auth-error.ts";
import { plainName } from "../pool/account.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, type CreditsReport, type LimitReport, reportOf } from "../reports/account.ts";
import { findingSchema } from "../reports/finding.ts";
import { limitLine } from "../reports/limit-columns.ts";
import { readFigures } from "../reports/pool.ts";
import { processSchema } from "../reports/running-codex.ts";
import { chosenAccount, type ChosenAccount } from "../store/files/folder-rule.ts";
import type { Snapshot } from "../store/store.ts";
import { relativeText } from "../text/times.ts";
import type { Ui } from "../ui/ui.ts";

const schema = (z: Zod) =>
  z.object({
    active: accountSchema(z)
      .nullable()
      .describe(
        "the account in auth.json, or in the keyring where Codex keeps it there; null when there is none that we know",
      ),
    source: z
      .enum(["file", "keyring", "memory", "environment", "provider", "none"])
      .describe("where Codex takes its login from; for `file` and `keyring` it is the active account"),
    login: z.string().nullable().describe("the login that Codex would use, for a person"),
    home: z.string(),
    chosen: chosenSchema(z),
    overrides: z.array(z.object({ name: z.string(), effect: z.string() })),
    processes: z
      .array(processSchema(z))
      .describe("running Codex that was started before the active account was made live"),
    findings: z.array(findingSchema(z)),
  });

export default defineCommand({
  flags: (command: Command) => command.option("-q, --quiet", "print nothing: the exit code tells"),
  examples: [["codex auth status", "which login Codex uses now, and why"]],
  exits: {
    "1": "there is a problem with the login, or the command failed",
  },
  schema,
  async run(given: Context) {
    // The report and a check tell of them, and to look at all that runs takes longer than the rest.
    const ctx = { ...given, processes: once(given.processes) };
    const facts = await readFacts(ctx);
    const { snapshot } = facts;
    const provider = facts.config.merged && providerWithoutLogin(facts.config.merged);
    const source = provider ? ("provider" as const) : facts.source;
    if (!snapshot) throw facts.problem;
    const { active, live } = snapshot;
    const processes = processesOnOldLogin(ctx, snapshot);
    const inFile = active
      ? plainName(active)
      : (live.login?.email ?? (live.login ? "an unknown login" : null));
    const here = accountHere(ctx, snapshot);
    return {
      active: active && reportOf(snapshot, active, ctx.now(), readFigures(ctx, snapshot)),
      source,
      login: {
        file: inFile,
        environment: overrides(ctx.env)[0]?.name ?? null,
        provider: provider && `model provider ${provider.id}`,
        keyring: live.place.kind === "keyring" ? inFile : null,
        memory: null,
        none: null,
      }[source],
      home: ctx.store.paths.codexHome,
      chosen: here.chosen,
      overrides: overrides(ctx.env),
      processes,
      findings: [...(await examine(facts, loginChecks)).findings.map(plainFinding), ...here.findings],
    };
  },
  render,
  exitCode: ({ findings }) => (findings.some(({ severity }) => severity === "error") ? 1 : 0),
});

type Report = Parameters<typeof whyLine>[0];

function render(
  report: Report & {
    chosen: Parameters<typeof hereLine>[0];
    findings: readonly { severity: string; message: string; fix: string | null }[];
  },
  ui: Ui,
): string {
  const { active, login, findings } = report;
  const lines = [login === null ? ui.yellow("Codex has no login that we can see.") : ui.bold(login)];
  lines.push(ui.dim(whyLine(report)));
  const isUsed = report.source === "file" || report.source === "keyring";
  if (isUsed && active?.plan) lines.push(`Plan: ${active.plan}`);
  if (isUsed && active?.credential.expiresAt)
    lines.push(`Access token: ${tokenText(active.credential, ui.nowMs)}`);
  const here = hereLine(report.chosen, active?.id ?? null);
  if (here !== null) lines.push(here);
  const remaining = active ? limitLine(active, ui.nowMs) : "";
  if (remaining !== "") lines.push(`Quota: ${remaining}`);
  const paint = { error: ui.red, warning: ui.yellow, info: ui.cyan };
  for (const { severity, message, fix } of findings) {
    const word = severity === "error" || severity === "warning" ? severity : "info";
    lines.push(`${paint[word](`${word}:`)} ${message}`);
    if (fix !== null) lines.push(`  ${fix}`);
  }
  return lines.join("\n");
}

function whyLine({
  source,
  home,
  login,
}: {
  source: string;
  home: string;
  login: string | null;
  active: {
    id: string;
    plan: string | null;
    limits: readonly LimitReport[];
    credits: CreditsReport | null;
    credential: { expiresAt: string | null; health: string };
  } | null;
}): string {
  if (source === "environment") return `from the environment: ${login} overrides auth.json`;
  if (source === "provider") return "by model_provider: requests carry no login of auth.json";
  if (source === "keyring") return "from the system keyring, by cli_auth_credentials_store in config.toml";
  if (source === "memory")
    return 'from memory only, by cli_auth_credentials_store = "ephemeral" in config.toml';
  return source === "file" ? `from ${home}/auth.json` : `there is no usable ${home}/auth.json`;
}

function tokenText(
  { expiresAt, health }: { expiresAt: string | null; health: string },
  nowMs: number,
): string {
  if (expiresAt === null || health === "unknown") return "no expiry";
  const when = relativeText(expiresAt, nowMs);
  return health === "valid"
    ? `valid, ends ${when}`
    : `ended ${when}${health === "renewable" ? "; Codex renews it at its next use" : ""}`;
}

export const chosenSchema = (z: Zod) =>
  z
    .object({
      accountId: z.string().describe("`id` of the account"),
      name: z.string().describe("for a person"),
      source: z.enum(["variable", "folder", "active"]),
      where: z.string().nullable().describe("CODEX_AUTH_ACCOUNT, or the path of the .codex-auth file"),
    })
    .nullable()
    .describe("what `exec` takes when it is told no account; null when there is none, or its rule is wrong");

/** The account that `exec` would take here, for a report; a rule that cannot be followed is a finding. */
export function accountHere(ctx: Context, snapshot: Snapshot) {
  try {
    const chosen = chosenAccount(ctx, snapshot);
    return { chosen: chosen && chosenReport(chosen), findings: [] };
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    const { code, message, hint = null } = error;
    const finding: Finding = { id: code, severity: "error", message, fix: hint };
    return { chosen: null, findings: [finding] };
  }
}

function chosenReport({ account, source, where }: ChosenAccount) {
  return { accountId: account.id, name: plainName(account), source, where };
}

type ChosenReport = ReturnType<typeof chosenReport>;

/** Null when the active account is used anyway and no rule says so. */
export function hereLine(chosen: ChosenReport | null, activeId: string | null): string | null {
  if (!chosen || chosen.where === null) return null;
  const text = `Here: ${chosen.name}, by ${chosen.where}`;
  return chosen.accountId === activeId
    ? text
    : `${text}\n  codex auth exec -- codex uses it; plain codex does not`;
}
