import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { makeReport, reportSchema } from "../cli/full-report.ts";
import type { FullReport } from "../cli/full-report.ts";
import { failureNotes } from "../cli/forecast-report.ts";
import { sinceDay } from "../cli/usage-report.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { temporaryFile, writeExport } from "../store/export-file.ts";
import { reportLines } from "../ui/report-lines.ts";
import { reportPage } from "../ui/report-page.ts";
import { jsonText, safeText } from "../ui/safe-text.ts";
import { makeUi } from "../ui/ui.ts";

interface Options {
  since: string;
  out?: string;
  html?: boolean;
  live?: boolean;
  open?: boolean;
  json?: boolean;
}

type Format = "text" | "json" | "html";

const schema = (z: Zod) =>
  reportSchema(z).extend({
    file: z
      .object({ path: z.string().describe("- for stdout"), format: z.enum(["text", "json", "html"]) })
      .nullable()
      .describe("where the report was written instead"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .option("--since <start>", "first day of the usage: so many days back, or a day as 2026-11-01", "30")
      .option(
        "--out <file>",
        "write it to a new file that only you can read; .html and .json choose the format",
      )
      .option("--html", "one page with charts, complete in itself")
      .option("--open", "show the page in a browser; without --out it is a temporary file")
      .option("--live", "ask OpenAI first, as `check` does"),
  examples: [
    ["codex auth report", "the whole state"],
    ["codex auth report --html --out report.html", "one page with charts"],
  ],
  schema,
  async run(ctx: Context, _args: [], options: Options) {
    const { open = false, live = false } = options;
    const format = open ? "html" : formatOf(options);
    const out = options.out ?? (open ? temporaryFile("report.html") : undefined);
    if (out === undefined && format === "html") refuseStdout(ctx, options);
    const report = await makeReport(ctx, sinceDay(options.since, ctx.now()), live);
    if (out === undefined && format !== "html") return { ...report, file: null };
    const path = place(ctx, await reportText(ctx, report, format), out);
    if (open) await ctx.openUrl(new URL(`file://${path}`).href);
    return { ...report, file: { path, format } };
  },
  notes: ({ forecast, accounts }) => failureNotes({ ...forecast, accounts }),
  render: ({ file, ...report }, ui) => {
    if (file === null) return reportLines(report, ui);
    return file.path === "-" ? "" : `Wrote the report to ${safeText(file.path)}`;
  },
});

function formatOf({ html, json, out = "" }: Options): Format {
  if (html || /\.html?$/i.test(out)) return "html";
  return json || /\.json$/i.test(out) ? "json" : "text";
}

function refuseStdout({ stdout }: Context, { json }: Options): void {
  if (!json && !stdout.isTerminal) return;
  const message = json
    ? "--json and --html both want stdout."
    : "The page is for a browser, not for a terminal.";
  throw new CodexAuthError("usage", message, {
    hint: "Write it to a file: codex auth report --html --out report.html",
  });
}

function place(ctx: Context, text: string, out: string | undefined): string {
  if (out !== undefined) return writeExport(ctx.fs, { out, file: null, cwd: ctx.cwd, text, isForced: true });
  ctx.stdout.write(text);
  return "-";
}

async function reportText(ctx: Context, report: FullReport, format: Format): Promise<string> {
  if (format === "json") {
    const document = { command: "report", schemaVersion: 1, ok: true, ...report, file: null };
    return jsonText(document);
  }
  const ui = await makeUi({ colorLevel: 0, columns: 100, isUnicode: true, nowMs: ctx.now() });
  return format === "html" ? reportPage(report, ui) : `${reportLines(report, ui)}\n`;
}
