import { basename } from "node:path";
import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { defineCommand, type Zod } from "../../program/command.ts";
import { isForeignClient } from "../../machine/ports.ts";
import { failureNotes } from "../../reports/forecast.ts";
import { requireReportPlace, temporaryFile, writeReport } from "../../store/files/new-file.ts";
import { jsonText, safeReport } from "../../text/safe-text.ts";
import { makeUi } from "../../ui/ui.ts";
import { type FullReport, makeReport, reportSchema } from "./document.ts";
import { reportLines } from "./lines.ts";
import { reportPage } from "./page.ts";
import { sinceDay } from "./usage.ts";

interface Options {
  since: string;
  out?: string;
  html?: boolean;
  live?: boolean;
  open?: boolean;
  json?: boolean;
  yes?: boolean;
  serve?: boolean;
}

type Format = "text" | "json" | "html";

const schema = (z: Zod) =>
  reportSchema(z).extend({
    file: z
      .object({ path: z.string().describe("- for stdout"), format: z.enum(["text", "json", "html"]) })
      .nullable()
      .describe("where the report was written instead"),
    served: z.boolean().describe("it was shown on loopback; these are its first figures"),
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
      .option(
        "--serve",
        "show the page on this machine alone until Ctrl-C, at an address that nobody can guess",
      )
      .option("--yes", "write over a file that is there")
      .option("--live", "ask OpenAI first, as `check` does"),
  examples: [
    ["codex auth report", "the whole state"],
    ["codex auth report --html --out report.html", "one page with charts"],
    ["codex auth report --serve --open", "the page in a browser, renewed each minute"],
  ],
  schema,
  async run(ctx: Context, _args: [], options: Options) {
    const { open = false, live = false, yes = false } = options;
    if (options.serve) return await serveReport(ctx, options);
    const format = open ? "html" : formatOf(options);
    const out = options.out ?? (open ? temporaryFile("report.html") : undefined);
    if (out === undefined && format === "html") refuseStdout(ctx, options);
    if (options.out !== undefined)
      requireReportPlace(ctx.fs, { out: options.out, cwd: ctx.cwd, mayReplace: yes });
    const report = await makeReport(ctx, sinceDay(options.since, ctx.now()), live);
    if (out === undefined && format !== "html") return { ...report, file: null, served: false };
    const path = place(ctx, await reportText(ctx, report, format), out, yes);
    if (open) await show(ctx, new URL(`file://${path}`).href);
    return { ...report, file: { path, format }, served: false };
  },
  notes: ({ forecast, accounts }) => failureNotes({ ...forecast, accounts }),
  render: ({ file, served, ...report }, ui) => {
    if (served) return "";
    if (file === null) return reportLines(report, ui);
    return file.path === "-" ? "" : `Wrote the report to ${file.path}`;
  },
});

/** Until the person or the system ends it. */
async function serveReport(ctx: Context, { since, live = false, open = false, json, out, html }: Options) {
  if (out !== undefined || html) {
    throw new CodexAuthError("usage", `--serve shows the page, and ${html ? "--html" : "--out"} writes it.`, {
      hint: "Leave one of them out: codex auth report --serve",
    });
  }
  const first = await makeReport(ctx, sinceDay(since, ctx.now()), live);
  const { openPageDoor } = await import("./page-door.ts");
  // What scans and waits have to say belongs to no page.
  const quiet = { ...ctx, stderr: { ...ctx.stderr, isTerminal: false } };
  const make = async () =>
    await reportText(ctx, await makeReport(quiet, sinceDay(since, ctx.now()), false), "html");
  const door = await openPageDoor({
    make,
    now: ctx.now,
    mayConnect: (from, to) => !isForeignClient(ctx.fs, { from, to }),
  });
  let forget = () => {};
  const stopped = new Promise<void>((resolve) => (forget = ctx.onStopSignal(() => resolve())));
  try {
    const told = json ? ctx.stderr : ctx.stdout;
    told.write(`The report is at ${door.url}\nOnly this machine reaches it. Ctrl-C ends it.\n`);
    if (open) await show(ctx, door.onceUrl, door.url);
    await stopped;
  } finally {
    forget();
    await door.close();
  }
  return { ...first, file: null, served: true };
}

/** Where no browser starts, as without a display, the person opens the page. */
async function show({ openUrl, stderr }: Context, url: string, shown = url): Promise<void> {
  try {
    await openUrl(url);
  } catch {
    stderr.write(`No browser could be started here. Open the page yourself: ${shown}\n`);
  }
}

function formatOf({ html, json, out = "" }: Options): Format {
  if (html || /\.html?$/i.test(out)) return "html";
  if (json || /\.json$/i.test(out)) return "json";
  const suffix = /\.\w+$/.exec(basename(out))?.[0] ?? "";
  if (["", ".txt", ".text", ".log", ".md"].includes(suffix.toLowerCase())) return "text";
  throw new CodexAuthError("usage", `A report cannot be written as ${suffix}.`, {
    hint: "The suffixes are .txt, .json and .html: codex auth report --out report.html",
  });
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

function place(ctx: Context, text: string, out: string | undefined, mayReplace: boolean): string {
  if (out !== undefined) return writeReport(ctx.fs, { out, cwd: ctx.cwd, mayReplace }, text);
  ctx.stdout.write(text);
  return "-";
}

async function reportText(ctx: Context, report: FullReport, format: Format): Promise<string> {
  if (format === "json") {
    const document = { command: "report", schemaVersion: 1, ok: true, ...report, file: null, served: false };
    return jsonText(document);
  }
  const ui = await makeUi({
    colorLevel: 0,
    columns: 100,
    isTerminal: true,
    isUnicode: true,
    nowMs: ctx.now(),
  });
  return format === "html" ? reportPage(report, ui) : `${reportLines(safeReport(report), ui)}\n`;
}
