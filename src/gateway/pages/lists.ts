import { countText } from "../../text/times.ts";
import type { PoolAccount } from "../admin/accounts.ts";
import type { AuditDocument } from "../admin/audit.ts";
import { outcomes, type RequestDocument } from "../admin/requests.ts";
import { accountCard, poolTimeline } from "./cards.ts";
import type { Page } from "./layout.ts";
import { html, type Markup } from "./markup.ts";
import { type Share, shownDays } from "./overview-figures.ts";
import { moneyText, takenText, timeMarkup, zoneText } from "./words.ts";

export function accountsPage(accounts: readonly PoolAccount[], used: readonly Share[], nowMs: number): Page {
  const cards = accounts.map((account) => {
    const { requests, tokens, costUsd } = used.find(({ id }) => id === account.id) ?? noShare;
    const sums = html`<p class="dim">
      ${shownDays} days: ${countText(requests)} requests, ${countText(tokens)} tokens, ${moneyText(costUsd)}
      as API equivalent
    </p>`;
    return accountCard(account, nowMs, sums);
  });
  return {
    title: "Accounts",
    section: "/accounts",
    body: html`<section id="line" data-live>${poolTimeline(accounts, nowMs)}</section>
      <section id="pool" class="cards" data-live>${cards}</section>
      <p class="dim">
        Sign in, pause or name accounts with codex auth login, pause and label: the page shows them and holds
        no login.
      </p>`,
  };
}

const noShare = { requests: 0, tokens: 0, costUsd: 0 };

type Names = ReadonlyMap<string, string>;

interface RequestFilter {
  readonly key?: string | undefined;
  readonly account?: string | undefined;
  readonly model?: string | undefined;
  readonly outcome?: string | undefined;
}

export interface RequestList {
  readonly rows: readonly RequestDocument[];
  readonly filter: RequestFilter;
  /** Goes on behind the last row; null when nothing is left. */
  readonly nextBefore: string | null;
  readonly keys: Names;
  readonly accounts: Names;
}

export function requestsPage({ rows, filter, nextBefore, keys, accounts }: RequestList): Page {
  const words = new URLSearchParams(
    Object.entries(filter).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  if (nextBefore !== null) words.set("before", nextBefore);
  const older =
    nextBefore === null ? null : html`<p><a href="/requests?${words.toString()}">Older requests</a></p>`;
  const head = [
    `time (${zoneOf(rows)})`,
    "key",
    "model",
    "account",
    "answer",
    "tokens in / out",
    "cost",
    "took",
  ];
  const drawn = rows.map((row) => requestRow(row, head, { keys, accounts }));
  const list =
    rows.length === 0
      ? html`<p>No requests.</p>`
      : table({ caption: "Requests, the newest first", head, rows: drawn, textColumns: 5 });
  return {
    title: "Requests",
    section: "/requests",
    body: html`<form class="filter" action="/requests">
        ${select("key", filter.key, keys)}${select("account", filter.account, accounts)}<label
          >model<input name="model" value="${filter.model ?? ""}" maxlength="128" /></label
        >${select("outcome", filter.outcome, new Map(outcomes.map((each) => [each, each])))}<button
          type="submit"
        >
          Filter
        </button>
      </form>
      <section id="rows">${list}</section>
      ${older}
      <p class="dim">Kept for 30 days. No prompt and no answer is stored.</p>`,
  };
}

function zoneOf(rows: readonly { at: string }[]): string {
  return zoneText(Date.parse(rows[0]?.at ?? "2026-01-01T00:00:00Z"));
}

function requestRow(
  row: RequestDocument,
  head: readonly string[],
  { keys, accounts }: { keys: Names; accounts: Names },
) {
  const level = { served: "good", refused: "low", failed: "bad" }[row.outcome];
  const code = row.code === null ? "" : ` ${row.code}`;
  const tried = row.attempts > 1 ? `, ${row.attempts} accounts` : "";
  const account = row.accountId === null ? "none" : (accounts.get(row.accountId) ?? row.accountId);
  return cells(head, [
    timeMarkup(row.at),
    html`${keys.get(row.keyId) ?? row.keyId}`,
    html`${row.model ?? ""}`,
    html`${account}${tried}`,
    html`<span><b class="${level}">${row.status}</b>${code}</span>`,
    html`${countText(row.inputTokens)} / ${countText(row.outputTokens)}`,
    html`${moneyText(row.costUsd)}${row.isPriceAssumed ? " assumed" : ""}`,
    html`${takenText(row.totalMs)}`,
  ]);
}

export function auditPage(rows: readonly AuditDocument[], nextBefore: string | null, keys: Names): Page {
  const head = [`time (${zoneOf(rows)})`, "who", "what", "to", "detail"];
  const name = (id: string) => keys.get(id) ?? id;
  const drawn = rows.map(({ at, actor, action, target, detail }) =>
    cells(head, [
      timeMarkup(at),
      html`${name(actor)}`,
      html`${action}`,
      html`${name(target)}`,
      html`${detail}`,
    ]),
  );
  const older =
    nextBefore === null ? null : html`<p><a href="/audit?before=${nextBefore}">Older changes</a></p>`;
  const list =
    rows.length === 0
      ? html`<p>Nothing was changed yet.</p>`
      : table({ caption: "Changes, the newest first", head, rows: drawn, textColumns: 5 });
  return {
    title: "Audit",
    section: "/audit",
    body: html`<section>${list}</section>
      ${older}`,
  };
}

interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly Markup[];
  /** Columns from the left that hold text, not figures. */
  readonly textColumns: number;
}

function table({ caption, head, rows, textColumns }: Table): Markup {
  const titles = head.map(
    (each, at) => html`<th scope="col" ${at < textColumns ? html`class="text"` : null}>${each}</th>`,
  );
  return html`<table class="stack">
    <caption class="dim">
      ${caption}
    </caption>
    <thead>
      <tr>
        ${titles}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

const textCells = 5;

function cells(head: readonly string[], all: readonly Markup[]): Markup {
  const drawn = all.map(
    (cell, at) =>
      html`<td data-label="${head[at] ?? ""}" ${at < textCells ? html` class="text"` : null}>${cell}</td>`,
  );
  return html`<tr>
    ${drawn}
  </tr>`;
}

function select(name: string, chosen: string | undefined, values: Names): Markup {
  const options = [...values].map(
    ([value, text]) =>
      html`<option value="${value}" ${value === chosen ? html`selected` : null}>${text}</option>`,
  );
  return html`<label
    >${name}<select name="${name}">
      <option value="">all</option>
      ${options}
    </select></label
  >`;
}
