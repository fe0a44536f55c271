import type { Command } from "commander";
import type { Context } from "../context.ts";
import { checks } from "../doctor/index.ts";
import { fixAll } from "../doctor/fix.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { counted } from "../text/times.ts";
import {
  changeLines,
  changeSchema,
  countsOf,
  countsSchema,
  diagnosisLines,
  diagnosisSchema,
} from "../reports/finding.ts";

interface Options {
  dryRun?: boolean;
  live?: boolean;
}

const description = `Fix what can be fixed safely. A second run changes nothing.

Before the first change codex-auth copies the pool, auth.json and config.toml: codex auth backup restore takes
everything back. It asks OpenAI only with --live. With --dry-run it makes each fix in memory only and shows what
fix would do and what it would leave; no file changes, and nobody is asked.
Exit code 1 when a fix failed or an error is left.`;

const schema = (z: Zod) =>
  z.object({
    dryRun: z.boolean(),
    changes: z.array(changeSchema(z)),
    findings: z.array(diagnosisSchema(z)).describe("what is left, worst first"),
    summary: countsSchema(z).extend({ changed: z.int(), failed: z.int() }),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .option("--dry-run", "show what fix would do, and change nothing")
      .option("--live", "also fix what needs an answer from OpenAI"),
  examples: [
    ["codex auth fix --dry-run", "show what would be fixed"],
    ["codex auth fix", "fix it; the last line says how to undo it"],
  ],
  exits: {
    "1": "a fix failed, or an error is left",
  },
  schema,
  async run(ctx: Context, _: [], { dryRun = false, live = false }: Options) {
    const isLive = live && !dryRun;
    const { changes, left } = dryRun
      ? await (await import("../doctor/rehearse.ts")).rehearse(ctx, checks)
      : await fixAll(ctx, checks, { isLive });
    const { findings, checks: results } = left;
    const count = (wanted: (change: (typeof changes)[number]) => boolean) => changes.filter(wanted).length;
    const summary = {
      ...countsOf(findings, results),
      changed: count(({ isApplied }) => isApplied),
      failed: count(({ problem }) => problem !== null),
    };
    return { dryRun, changes, findings, summary };
  },
  render: ({ dryRun, changes, findings, summary }, ui) => {
    const undo = changes.find((change) => change.undo !== null)?.undo;
    const left = findings.filter(({ severity }) => severity !== "info");
    const lines = changes.flatMap((change) => changeLines(change, ui, dryRun));
    if (changes.length === 0) lines.push("Nothing to fix.");
    if (undo) lines.push(ui.dim(`To take it back: ${undo}`));
    if (left.length > 0) lines.push("", "Left for you:", ...left.flatMap((each) => diagnosisLines(each, ui)));
    if (summary.failed > 0)
      lines.push(`${counted(summary.failed, "fix", "fixes")} ${dryRun ? "would fail" : "failed"}.`);
    return lines.join("\n");
  },
  exitCode: ({ summary }) => (summary.failed > 0 || summary.errors > 0 ? 1 : 0),
});
