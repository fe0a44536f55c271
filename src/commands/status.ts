import type { CreditsReport } from "../cli/account-credits.ts";
import type { LimitReport } from "../cli/account-limits.ts";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import { accountHere, chosenSchema, hereLine } from "../cli/account-here.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { findingSchema } from "../cli/finding.ts";
import { limitColumns } from "../cli/limit-columns.ts";
import { processSchema } from "../cli/running-codex.ts";
import { overrides } from "../codex/environment.ts";
import { providerWithoutLogin } from "../codex/provider-login.ts";
import { examine, plainFinding } from "../repair/examine.ts";
import { loginChecks } from "../repair/login-checks.ts";
import { openScene } from "../repair/scene.ts";
import { accountName } from "../store/account-name.ts";
import { processesOnOldLogin } from "../store/old-login.ts";
import { safeText } from "../ui/safe-text.ts";
import { relativeText } from "../ui/time.ts";
import type { Ui } from "../ui/ui.ts";

const schema = (z: Zod) =>
  z.object({
    active: accountSchema(z)
      .nullable()
      .describe("the account in auth.json; null when there is none that we know"),
    source: z
      .enum(["file", "keyring", "memory", "environment", "provider", "none"])
      .describe("where Codex takes its login from; only for `file` is it the active account"),
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
  examples: [["codex auth status", "which login Codex uses now, and why"]],
  exits: {
    "1": "there is a problem with the login, or the command failed",
  },
  schema,
  async run(ctx: Context) {
    const scene = await openScene(ctx);
    const { snapshot } = scene;
    const provider = scene.config.merged && providerWithoutLogin(scene.config.merged);
    const source = provider ? ("provider" as const) : scene.source;
    if (!snapshot) throw scene.problem;
    const { active, live } = snapshot;
    const processes = processesOnOldLogin(ctx, snapshot);
    const inFile = active
      ? accountName(active)
      : (live.login?.email ?? (live.login ? "an unknown login" : null));
    const here = accountHere(ctx, snapshot);
    return {
      active: active && reportOf(snapshot, active, ctx.now(), ctx.store.usage()),
      source,
      login: {
        file: inFile,
        environment: overrides(ctx.env)[0]?.name ?? null,
        provider: provider && `model provider ${provider.id}`,
        keyring: null,
        memory: null,
        none: null,
      }[source],
      home: ctx.store.paths.codexHome,
      chosen: here.chosen,
      overrides: overrides(ctx.env),
      processes,
      findings: [...(await examine(scene, loginChecks)).findings.map(plainFinding), ...here.findings],
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
  const lines = [
    login === null ? ui.yellow("Codex has no login that we can see.") : ui.bold(safeText(login)),
  ];
  lines.push(ui.dim(safeText(whyLine(report))));
  const isUsed = report.source === "file";
  if (isUsed && active?.plan) lines.push(`Plan: ${safeText(active.plan)}`);
  if (isUsed && active?.credential.expiresAt)
    lines.push(`Access token: ${tokenText(active.credential, ui.nowMs)}`);
  const here = hereLine(report.chosen, active?.id ?? null);
  if (here !== null) lines.push(here);
  const remaining = active ? remainingText(active, ui) : "";
  if (remaining !== "") lines.push(`Remaining: ${remaining}`);
  const paint = { error: ui.red, warning: ui.yellow, info: ui.cyan };
  for (const { severity, message, fix } of findings) {
    const word = severity === "error" || severity === "warning" ? severity : "info";
    lines.push(`${paint[word](`${word}:`)} ${safeText(message)}`);
    if (fix !== null) lines.push(`  ${safeText(fix)}`);
  }
  return lines.join("\n");
}

function remainingText(quota: NonNullable<Report["active"]>, { columns, nowMs }: Ui): string {
  const { head, cells } = limitColumns([quota], { columns, nowMs });
  const texts = cells(quota);
  return head.map((name, index) => `${name} ${texts[index] ?? ""}`).join("; ");
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
