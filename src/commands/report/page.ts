import { sentenceNames } from "../../pool/account.ts";
import { htmlText } from "../../text/safe-text.ts";
import { clockText, counted, durationText, lastsText, resetText, windowName } from "../../text/times.ts";
import {
  percentText,
  type QuotaFigures,
  recommendationLines,
  type WindowFigures,
} from "../../ui/forecast-lines.ts";
import type { Ui } from "../../ui/ui.ts";
import { calendarSection } from "./calendar.ts";
import { fanChart, usageChart } from "./charts.ts";
import type { ReportFigures } from "./lines.ts";
import { usageTables } from "./tables.ts";
import { reportStyle } from "./style.ts";
import { timelineSection } from "./timeline.ts";

/** The report as one page that asks for nothing: no script, no font, no picture from elsewhere. */
export function reportPage(report: ReportFigures, ui: Ui): string {
  const { summary, accounts, forecast, usage } = report;
  const advice =
    accounts.length === 0
      ? ["No accounts yet. Take in the login you have: codex auth import"]
      : [...recommendationLines(forecast.recommendation, ui)];
  const since = `Tokens since ${usage.since}`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">',
    `<title>Codex accounts</title><style>${reportStyle}</style></head><body><main>`,
    `<h1>Codex accounts</h1><p class="dim">${clockText(summary.generatedAt, 0)} · ${summary.accounts} in the pool, ${summary.ready} ready</p>`,
    `<section class="advice">${advice.map((line) => `<p>${htmlText(line)}</p>`).join("")}</section>`,
    `<section class="cards">${accounts.map((account) => card(account, report, ui)).join("\n")}</section>`,
    accounts.length === 0
      ? ""
      : `<h2>The next seven days</h2><section>${timelineSection(forecast.pool, ui)}</section>`,
    `<h2>${htmlText(since)}</h2><section>${usageSection(report)}</section>`,
    `<h2>The last half year</h2><section>${calendarSection(report)}</section>`,
    `<h2>Findings</h2><section>${findings(report)}</section>`,
    `<footer class="dim">${footer(report)}</footer></main></body></html>`,
    "",
  ].join("\n");
}

function card(account: ReportFigures["accounts"][number], report: ReportFigures, ui: Ui): string {
  const { accounts, forecast } = report;
  const { id, label, email, plan, kind, active, isReady, state, stateReason, windows, row } = account;
  const name = sentenceNames(accounts)(id);
  const word = isReady ? "ready" : (stateReason ?? state);
  const isNamedWhole = name !== (label ?? account.name);
  const about = isNamedWhole ? [] : [label === null ? null : email, plan ?? kind, `row ${row}`];
  const seat = about.filter((each) => each !== null);
  const body = windows.map((window) => {
    const course = forecast.courses.find((each) => each.accountId === id && each.kind === window.kind);
    return windowBlock(account, window, ui) + (course ? fanChart(course, ui.nowMs) : "");
  });
  return [
    `<article data-account="${htmlText(id)}"><h3>${htmlText(name)}${active ? ' <b class="tag">active</b>' : ""}</h3>`,
    `<p class="dim">${htmlText(seat.join(", "))}</p>`,
    `<p><b class="${isReady ? "good" : "bad"}">${htmlText(word)}</b>${riskText(account)}</p>`,
    ...(body.length > 0 ? body : ['<p class="dim">Nothing is known of its quota yet.</p>']),
    "</article>",
  ].join("");
}

function riskText({ isReady, risk }: QuotaFigures): string {
  if (!isReady || risk === "unknown") return "";
  const level = { low: "good", medium: "low" }[risk] ?? "bad";
  return `, <b class="${level}">${htmlText(risk)} risk</b>`;
}

function windowBlock({ id }: QuotaFigures, window: WindowFigures, ui: Ui): string {
  const { kind, remainingPercent, windowMinutes, resetsAt, emptyInMs, ageMs } = window;
  const level = remainingPercent < 10 ? "bad" : remainingPercent < 25 ? "low" : "good";
  const about = [resetsAt === null ? "not started" : `resets ${resetText(resetsAt, ui.nowMs)}`];
  if (resetsAt !== null && emptyInMs !== null) {
    about.push(`lasts ${lastsText(emptyInMs, Date.parse(resetsAt) - ui.nowMs, "the reset")}`);
  }
  if (ageMs >= 60_000) about.push(`as of ${durationText(ageMs)} ago`);
  const name = windowName(windowMinutes);
  const data = `data-window="${htmlText(kind)}" data-of="${htmlText(id)}" data-remaining="${remainingPercent}"`;
  return [
    `<div class="window" ${data}><p><b>${htmlText(name)}</b><span>${percentText(remainingPercent)} % left</span></p>`,
    `<div class="meter" role="meter" aria-label="${htmlText(name)}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${remainingPercent}">`,
    `<div class="${level}" style="width:${remainingPercent}%"></div></div>`,
    `<p class="dim">${htmlText(about.join("; "))}</p></div>`,
  ].join("");
}

function usageSection(report: ReportFigures): string {
  const { total } = report.usage;
  if (total.inputTokens + total.outputTokens === 0) return "<p>None in the session logs of this machine.</p>";
  return `${usageChart(report)}${usageTables(report)}`;
}

function findings({ findings }: ReportFigures): string {
  if (findings.length === 0) return "<p>Nothing is wrong.</p>";
  const items = findings.map(({ severity, message, fix }) => {
    const command = fix === null ? "" : `<br><code>${htmlText(fix)}</code>`;
    return `<li><b class="${severity === "error" ? "bad" : "low"}">${htmlText(severity)}</b> ${htmlText(message)}${command}</li>`;
  });
  return `<ul>${items.join("")}</ul>`;
}

function footer({ runtime }: ReportFigures): string {
  const { version, nodeVersion, platform, sessionFiles } = runtime;
  return htmlText(
    `codex-auth ${version}, Node ${nodeVersion}, ${platform}, ${counted(sessionFiles, "session log")}`,
  );
}
