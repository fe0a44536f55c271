import { htmlText } from "../../text/safe-text.ts";
import { countText } from "../../text/times.ts";
import type { ReportFigures, TokenFigures } from "./lines.ts";

const mostProjects = 15;

/** Who used how much, with which model and where. */
export function usageTables({ usage }: ReportFigures): string {
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
