import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import {
  changeLines,
  changeSchema,
  checkResultSchema,
  countsOf,
  countsSchema,
  diagnosisLines,
  diagnosisSchema,
} from "../cli/diagnosis.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Check } from "../repair/check.ts";
import { examine } from "../repair/examine.ts";
import type { Examination } from "../repair/examine.ts";
import { checks } from "../repair/index.ts";
import { mendAll } from "../repair/mend.ts";
import { openScene } from "../repair/scene.ts";
import type { Scene } from "../repair/scene.ts";
import { requireReportPlace, writeReport } from "../store/export-file.ts";
import { counted } from "../ui/count-text.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

interface Options {
  fix?: boolean;
  live?: boolean;
  strict?: boolean;
  only?: string[];
  bundle?: string;
  yes?: boolean;
}

const description = `Look for every known fault of logins, settings, environment, processes and the pool.

Reads files and asks nobody; with --live it also asks OpenAI: is it reachable, and does it take each login?
Exit code 1 when there is an error; with --strict, when there is a warning too.`;

const schema = (z: Zod) =>
  z.object({
    summary: countsSchema(z).extend({
      status: z.enum(["ok", "info", "warning", "error"]).describe("of the worst finding"),
      isLive: z.boolean(),
      isStrict: z.boolean(),
    }),
    findings: z.array(diagnosisSchema(z)).describe("worst first"),
    checks: z.array(checkResultSchema(z)),
    fixed: z.array(changeSchema(z)).describe("with --fix: what was mended"),
    bundle: z.string().nullable().describe("the support file that was written"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .option("--fix", "mend what can be mended safely, then look again")
      .option("--live", "ask OpenAI too")
      .option("--strict", "exit 1 on a warning too")
      .option("--bundle <file>", "also write a support file: known words only, all else by kind and length")
      .option("--yes", "let --bundle replace a file")
      .option("--only <id...>", "make these checks only: ids or areas, as --json names them"),
  examples: [
    ["codex auth doctor", "what is wrong, and what ends it"],
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
    const fixed = fix ? await mendAll(ctx, chosen, { isDryRun: false, isLive: live }) : [];
    const scene = await openScene(ctx, { asksCodex: true });
    const examination = await examine(scene, chosen, { isLive: live });
    const { findings } = examination;
    const status = findings[0]?.severity ?? ("ok" as const);
    const counts = countsOf(findings, examination.checks);
    const summary = { status, ...counts, isLive: live, isStrict: strict };
    const bundle = place
      ? await writeBundle(ctx, place, { scene, doctor: { summary, ...examination } })
      : null;
    return { summary, findings, checks: examination.checks, fixed, bundle };
  },
  render: ({ summary, findings, fixed, bundle }, ui) =>
    [
      ...fixed.flatMap((change) => changeLines(change, ui)),
      ...findings.flatMap((finding) => diagnosisLines(finding, ui)),
      summaryLine(summary, ui),
      ...(bundle === null ? [] : [`Wrote ${safeText(bundle)}: read it before you hand it on.`]),
    ].join("\n"),
  exitCode: ({ summary }) => (summary.errors > 0 || (summary.isStrict && summary.warnings > 0) ? 1 : 0),
});

async function writeBundle(
  { fs }: Context,
  place: Parameters<typeof writeReport>[1],
  { scene, doctor }: { scene: Scene; doctor: Examination & { summary: object } },
): Promise<string> {
  const { bundleText } = await import("../repair/bundle/bundle.ts");
  return writeReport(fs, place, bundleText(scene, doctor));
}

function choose(words: readonly string[]): Check[] {
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
  const made = `${all - skipped} checks made`;
  const hint = isLive ? "" : " The network was not asked: codex auth doctor --live";
  if (errors + warnings === 0) return `${ui.green("No fault found.")} ${made}.${hint}`;
  return `${counted(errors, "error")}, ${counted(warnings, "warning")}. ${made}.${hint}`;
}
