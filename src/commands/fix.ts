import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import {
  changeLines,
  changeSchema,
  countsOf,
  countsSchema,
  diagnosisLines,
  diagnosisSchema,
} from "../cli/diagnosis.ts";
import { examine } from "../repair/examine.ts";
import { checks } from "../repair/index.ts";
import { mendAll } from "../repair/mend.ts";
import { openScene } from "../repair/scene.ts";

interface Options {
  dryRun?: boolean;
  live?: boolean;
}

const description = `Mend what can be mended safely; a second run changes nothing.

The pool, auth.json and config.toml are copied before the first change, and codex auth backup restore takes
the repair back. Nothing is asked of the network without --live, and nothing at all with --dry-run.
Exit code 1 when a repair failed or an error is left.`;

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
      .option("--dry-run", "show what would be done; writes nothing and asks nobody")
      .option("--live", "also mend what takes a question to OpenAI"),
  examples: [
    ["codex auth fix --dry-run", "show what would be mended"],
    ["codex auth fix", "mend it; the command that it names takes it back"],
  ],
  exits: {
    "1": "a repair failed, or an error is left",
  },
  schema,
  async run(ctx: Context, _: [], { dryRun = false, live = false }: Options) {
    const isLive = live && !dryRun;
    const changes = await mendAll(ctx, checks, { isDryRun: dryRun, isLive });
    const { findings, checks: results } = await examine(await openScene(ctx, { asksCodex: true }), checks, {
      isLive,
    });
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
    const lines = changes.flatMap((change) => changeLines(change, ui));
    if (changes.length === 0) lines.push("Nothing to mend.");
    if (undo) lines.push(ui.dim(`To take it back: ${undo}`));
    // A dry run has changed nothing, so what it would mend is still found.
    if (left.length > 0 && !dryRun)
      lines.push("", "Left for you:", ...left.flatMap((each) => diagnosisLines(each, ui)));
    if (summary.failed > 0) lines.push(`Repairs that failed: ${summary.failed}.`);
    return lines.join("\n");
  },
  exitCode: ({ dryRun, summary }) => (summary.failed > 0 || (!dryRun && summary.errors > 0) ? 1 : 0),
});
