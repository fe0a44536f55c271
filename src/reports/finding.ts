import type { DoctorFinding } from "../doctor/check.ts";
import type { Change } from "../doctor/fix.ts";
import type { Zod } from "../program/command.ts";
import type { Ui } from "../ui/ui.ts";

const areas = ["credentials", "environment", "config", "processes", "network", "store"] as const;

export const diagnosisSchema = (z: Zod) =>
  findingSchema(z).extend({
    area: z.enum(areas),
    evidence: z.array(z.string()).describe("what was seen, a line each"),
    canMend: z.boolean().describe("codex auth fix can fix it"),
  });

export const checkResultSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("stable; what --only takes"),
    area: z.enum(areas),
    title: z.string().describe("the fault that is looked for"),
    status: z.enum(["ok", "found", "skipped", "failed"]),
    reason: z.string().nullable().describe("why it was skipped, or failed"),
  });

export const changeSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("of the check that found the fault"),
    message: z.string(),
    isApplied: z.boolean().describe("false in a dry run, and where it failed"),
    problem: z.string().nullable().describe("why it was not done"),
    undo: z.string().nullable().describe("the command that takes it back"),
  });

export const countsSchema = (z: Zod) =>
  z.object({ errors: z.int(), warnings: z.int(), infos: z.int(), checks: z.int(), skipped: z.int() });

export function countsOf(findings: readonly DoctorFinding[], checks: readonly { status: string }[]) {
  const count = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length;
  return {
    errors: count("error"),
    warnings: count("warning"),
    infos: count("info"),
    checks: checks.length,
    skipped: checks.filter(({ status }) => status === "skipped").length,
  };
}

const mending = "codex auth fix";

/** A finding, what it is based on, and the command that ends it. */
export function diagnosisLines(
  { severity, id, message, evidence, fix, canMend }: DoctorFinding,
  ui: Ui,
): string[] {
  const paint = { error: ui.red, warning: ui.yellow, info: ui.cyan }[severity];
  return [
    `${paint(`${severity}:`)} ${message} ${ui.dim(`[${id}]`)}`,
    ...evidence.map((line) => ui.dim(`    ${line}`)),
    ...(fix === null ? [] : [`  ${fix}`]),
    ...(canMend && fix !== mending ? [`  ${ui.dim("or let codex-auth do it:")} ${mending}`] : []),
  ];
}

export function changeLines({ message, isApplied, problem }: Change, ui: Ui, isRehearsal = false): string[] {
  const failed = isRehearsal ? "would fail:" : "failed:";
  if (problem !== null) return [`${ui.red(failed)} ${message}`, `  ${problem}`];
  return [`${isApplied ? ui.green("fixed:") : ui.cyan("would do:")} ${message}`];
}

export const findingSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("stable"),
    severity: z.enum(["error", "warning", "info"]),
    message: z.string(),
    fix: z.string().nullable().describe("the command that ends it"),
  });
