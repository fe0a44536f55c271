import { sentenceNames } from "../../pool/account.ts";
import { htmlText } from "../../text/safe-text.ts";
import {
  clockText,
  counted,
  countText,
  durationText,
  lastsText,
  resetText,
  windowName,
} from "../../text/times.ts";
import {
  percentText,
  type QuotaFigures,
  recommendationLines,
  type WindowFigures,
} from "../../ui/forecast-lines.ts";
import { pageStyle } from "../../ui/page-style.ts";
import type { Ui } from "../../ui/ui.ts";
import { calendarSection, fanChart, timelineSection, usageChart } from "./charts.ts";
import type { ReportFigures, TokenFigures } from "./lines.ts";

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

/** The look of the pages, and what only the report has. */
export const reportStyle = `${pageStyle}
.week{position:relative;height:4.2rem;margin:.6rem 0;overflow:hidden;background:linear-gradient(var(--track),var(--track)) 0 1.6rem/100% .9rem no-repeat}
.week.covered{background-image:linear-gradient(var(--good),var(--good))}
.week>*{position:absolute}
.week .gap{top:1.6rem;height:.9rem}
.gap{background:repeating-linear-gradient(45deg,var(--bad) 0 .25rem,var(--card) .25rem .5rem);outline:1px solid var(--bad)}
p .gap{display:inline-block;width:1.2rem;height:.7rem;margin:0 .2rem 0 .6rem}
.day{top:2.6rem;white-space:nowrap;border-left:1px solid var(--dim);padding-left:.2rem;font-size:.75rem;color:var(--dim)}
.mark{top:.1rem;border-left:2px solid var(--text);padding-left:.15rem;height:2.4rem;font-size:.8rem;line-height:1.2}
.bars{position:relative;padding:3.2rem 0 1.4rem 3.6rem}
.bars ol{list-style:none;display:flex;height:11rem;margin:0;padding:0;border-bottom:1px solid var(--dim);background:linear-gradient(var(--track) 1px,transparent 1px) 0 0/100% 50%}
.bars li{flex:1;min-width:0;margin:0}
.bars li>div{height:100%;margin:0 12%;display:flex;flex-direction:column-reverse}
.bars li>div:hover,.bars li>div:focus{background:var(--track)}
.scale{position:absolute;left:0;top:2.6rem;height:11rem;width:3.2rem;display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:1.2}
.tip{display:none;position:absolute;left:0;right:0;top:0;min-height:2.8rem;font-size:.85rem;line-height:1.3}
:hover>.tip,:focus>.tip{display:block}:hover>.tip{z-index:1;background:var(--card)}
.axis{position:relative;height:1.2rem;margin:0;color:var(--dim);font-size:.75rem}
.axis span{position:absolute;top:.15rem;border-left:1px solid var(--dim);padding-left:.2rem;white-space:nowrap}
:focus-visible{outline:2px solid var(--fan);outline-offset:2px}
svg.calendar{max-width:44rem;background:none;border:0}
svg.calendar text{font-size:9px;fill:var(--dim)}
.h0{fill:var(--track)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}
section>h3{margin-top:1.2rem}
.wide{overflow-x:auto}
.wide td,.wide th+th{text-align:right;font-variant-numeric:tabular-nums}.wide td{white-space:nowrap}.wide th+th{white-space:normal}
[data-table=resets] td{white-space:normal}[data-table=resets] span{white-space:nowrap}[data-table=resets] tbody th{min-width:4rem;overflow-wrap:anywhere}
td,tbody th,tfoot th{vertical-align:top}
tbody th,tfoot th{color:var(--text);min-width:5.5rem;white-space:normal;overflow-wrap:break-word}
tfoot{font-weight:600}
@media (max-width:34rem){.axis span:nth-child(even){display:none}.wide table{font-size:.8rem}.wide td,.wide th{padding-right:.3rem;min-width:0}[data-table=resets] span{display:block}}
:root{--h1:#7288b0;--h2:#5b7fc7;--h3:#2f63c0;--h4:#173a80}
@media (prefers-color-scheme:dark){:root{--h1:#566b96;--h2:#5b86d6;--h3:#8fb4ff;--h4:#d3e1ff}}
summary{cursor:pointer;font-size:.9rem}
`;

const mostProjects = 15;

/** Who used how much, with which model and where. */
function usageTables({ usage }: ReportFigures): string {
  const { accounts, models, projects, total } = usage;
  const shown = projects.slice(0, mostProjects);
  const left = projects.length - shown.length;
  const more = left > 0 ? `<p class="dim">${left} more: codex auth report --json has all.</p>` : "";
  const parts = [
    usageTable(
      "Accounts",
      accounts.map((each) => [each.name, each]),
      total,
    ),
    usageTable(
      "Models",
      models.map((each) => [each.model ?? "not known", each]),
    ),
    usageTable(
      "Projects",
      shown.map((each) => [each.folder ?? "not known", each]),
    ) + more,
  ];
  const isPriced = total.apiUsd !== null;
  const about = isPriced
    ? "API equivalent: what these tokens would cost on OpenAI's API by its price list, in US dollars. It is no bill; models without a known price are left out."
    : "No model here has a known API price.";
  return `${parts.join("\n")}<p class="dim">${htmlText(about)}</p>`;
}

type Named = readonly [name: string, tokens: TokenFigures];

function usageTable(title: string, rows: readonly Named[], total: TokenFigures | null = null): string {
  const columns = ["in", "cached", "out", "API equivalent"]
    .map((name) => `<th scope="col">${name}</th>`)
    .join("");
  const head = `<thead><tr><th scope="col">${title.slice(0, -1).toLowerCase()}</th>${columns}</tr></thead>`;
  const foot = total === null ? "" : `<tfoot>${tableRow("all", total)}</tfoot>`;
  const body = rows.map(([name, tokens]) => tableRow(name, tokens)).join("");
  return `<h3>${title}</h3><div class="wide"><table data-table="${title.toLowerCase()}">${head}<tbody>${body}</tbody>${foot}</table></div>`;
}

function tableRow(
  name: string,
  { inputTokens, cachedInputTokens, outputTokens, apiUsd }: TokenFigures,
): string {
  const share = inputTokens === 0 ? "" : `${Math.round((cachedInputTokens / inputTokens) * 100)} %`;
  const cells = [
    `<td data-tokens="${inputTokens}">${countText(inputTokens)}</td>`,
    `<td data-tokens="${cachedInputTokens}">${share}</td>`,
    `<td data-tokens="${outputTokens}">${countText(outputTokens)}</td>`,
    `<td>${apiUsd === null ? "unknown" : `$${apiUsd.toFixed(2)}`}</td>`,
  ];
  return `<tr><th scope="row">${breakable(name)}</th>${cells.join("")}</tr>`;
}

/** On a phone an e-mail or a path breaks at its joints. */
function breakable(name: string): string {
  return htmlText(name).replaceAll(/[@/](?=\w)|\.(?=[a-z])/gi, "$&<wbr>");
}
