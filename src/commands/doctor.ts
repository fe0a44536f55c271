import type { Command } from "commander";
import type { Context } from "../context.ts";
import type { DoctorCheck } from "../doctor/check.ts";
import { type Examination, examine } from "../doctor/examine.ts";
import { readFacts, type Facts } from "../doctor/facts.ts";
import { type Fixed, fixAll } from "../doctor/fix.ts";
import { checks } from "../doctor/index.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { defineCommand, offering, type Zod } from "../program/command.ts";
import { startProgress } from "../program/passing-line.ts";
import {
  changeLines,
  changeSchema,
  checkResultSchema,
  countsOf,
  countsSchema,
  diagnosisLines,
  diagnosisSchema,
} from "../reports/finding.ts";
import { requireReportPlace, writeReport } from "../store/files/new-file.ts";
import { counted } from "../text/times.ts";
import type { Ui } from "../ui/ui.ts";

interface Options {
  fix?: boolean;
  live?: boolean;
  strict?: boolean;
  only?: string[];
  bundle?: string;
  yes?: boolean;
}

const description = `Find problems with logins, settings, environment, processes and the pool, and say how to fix them.

Without --live it only reads files of this machine. With --live it also asks OpenAI whether it can be reached and
accepts each login. Exit code 1 when there is an error; with --strict, when there is a warning too.`;

const schema = (z: Zod) =>
  z.object({
    summary: countsSchema(z).extend({
      status: z.enum(["ok", "info", "warning", "error"]).describe("of the worst finding"),
      isLive: z.boolean(),
      isStrict: z.boolean(),
    }),
    findings: z.array(diagnosisSchema(z)).describe("worst first"),
    checks: z.array(checkResultSchema(z)),
    fixed: z.array(changeSchema(z)).describe("with --fix: what was fixed"),
    bundle: z.string().nullable().describe("the support file that was written"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .option("--fix", "fix what can be fixed safely, then look again")
      .option("--live", "ask OpenAI too")
      .option("--strict", "exit 1 on a warning too")
      .option(
        "--bundle <file>",
        "also write a file for a bug report: known words only, the rest as kind and length",
      )
      .option("--yes", "let --bundle replace a file")
      .addOption(
        offering(
          command.createOption(
            "--only <id...>",
            "make only these checks: ids or areas, as --json names them",
          ),
          [...new Set(checks.map(({ area }) => area))],
        ),
      ),
  examples: [
    ["codex auth doctor", "what is wrong, and how to fix it"],
    ["codex auth doctor --live --json", "for CI: asks OpenAI too"],
    ["codex auth doctor --only config", "one area"],
  ],
  exits: {
    "1": "an error was found (with --strict: or a warning), or the command failed",
  },
  schema,
  async run(ctx: Context, _: [], options: Options) {
    const { fix = false, live = false, strict = false, only } = options;
    const place = options.bundle
      ? { out: options.bundle, cwd: ctx.cwd, mayReplace: options.yes ?? false }
      : null;
    // Before anything is mended or asked.
    if (place) requireReportPlace(ctx.fs, place);
    const chosen = only ? choose(only) : checks;
    const { changes, left, facts } = fix
      ? await fixAll(ctx, chosen, { isLive: live })
      : await lookOnce(ctx, chosen, live);
    const { findings } = left;
    const status = findings[0]?.severity ?? ("ok" as const);
    const counts = countsOf(findings, left.checks);
    const summary = { status, ...counts, isLive: live, isStrict: strict };
    const bundle = place ? await writeBundle(ctx, place, { facts, doctor: { summary, ...left } }) : null;
    return { summary, findings, checks: left.checks, fixed: changes, bundle };
  },
  render: ({ summary, findings, fixed, bundle }, ui) =>
    [
      ...fixed.flatMap((change) => changeLines(change, ui)),
      ...findings.flatMap((finding) => diagnosisLines(finding, ui)),
      summaryLine(summary, ui),
      ...(bundle === null ? [] : [`Wrote ${bundle}. Read it before you give it to anybody.`]),
    ].join("\n"),
  exitCode: ({ summary }) => (summary.errors > 0 || (summary.isStrict && summary.warnings > 0) ? 1 : 0),
});

async function lookOnce(ctx: Context, chosen: readonly DoctorCheck[], isLive: boolean): Promise<Fixed> {
  const facts = await readFacts(ctx, { asksCodex: true });
  const progress = isLive ? startProgress(ctx.stderr, "Check", chosen.length) : null;
  const onLooked = () => progress?.step();
  const left = await examine(facts, chosen, { isLive, onLooked }).finally(() => progress?.end());
  return { changes: [], left, facts };
}

async function writeBundle(
  { fs }: Context,
  place: Parameters<typeof writeReport>[1],
  { facts, doctor }: { facts: Facts; doctor: Examination & { summary: object } },
): Promise<string> {
  const { bundleText } = await import("../doctor/support-file/support-file.ts");
  return writeReport(fs, place, bundleText(facts, doctor));
}

function choose(words: readonly string[]): DoctorCheck[] {
  const unknown = words.find((word) => !checks.some(({ id, area }) => id === word || area === word));
  if (unknown === undefined)
    return checks.filter(({ id, area }) => words.includes(id) || words.includes(area));
  const hint = `Areas: ${[...new Set(checks.map(({ area }) => area))].join(", ")}. Ids: codex auth doctor --json | jq -r '.checks[].id'`;
  throw new CodexAuthError("usage", `There is no check ${unknown}.`, { hint });
}

function summaryLine(
  summary: { errors: number; warnings: number; checks: number; skipped: number; isLive: boolean },
  ui: Ui,
): string {
  const { errors, warnings, checks: all, skipped, isLive } = summary;
  const made = counted(all - skipped, "check");
  const hint = isLive ? "" : " To ask OpenAI too: codex auth doctor --live";
  if (errors + warnings === 0) return `${ui.green("No problem found")} in ${made}.${hint}`;
  return `${counted(errors, "error")} and ${counted(warnings, "warning")} in ${made}.${hint}`;
}
