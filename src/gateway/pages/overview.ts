import { countText } from "../../text/times.ts";
import { accountCard, budgets, keyState, poolTimeline } from "./cards.ts";
import { type Bar, barChart, legend } from "./drawings.ts";
import type { Page } from "./layout.ts";
import { html, type Markup } from "./markup.ts";
import { type Overview, type Share, shownDays } from "./overview-figures.ts";
import { moneyText, timeText, zoneText } from "./words.ts";

const mostKeys = 12;

export function overviewPage(figures: Overview): Page {
  const { nowMs, accounts, keys, minutes, byModel } = figures;
  const open = keys.filter(({ why, key }) => why === null && key.role === "client");
  const names = new Map(keys.map(({ key }) => [key.id, key.name]));
  const cards = accounts.map((account) => accountCard(account, nowMs));
  const shown = open.slice(0, mostKeys);
  const keyCards = shown.map(
    (each) =>
      html`<article>
        <h3><a href="/keys/${each.key.id}">${each.key.name}</a></h3>
        <p>${keyState(each)}</p>
        ${budgets(each, nowMs)}
      </article>`,
  );
  const more = open.length > shown.length ? html`<p><a href="/keys">All ${open.length} keys</a></p>` : null;
  const noKeys = html`<section>
    <p>No keys yet. <a href="/keys">Make one</a> for each program or person.</p>
  </section>`;
  return {
    title: "Overview",
    section: "/",
    body: html`<p id="stale" class="bad" role="status" hidden>The gateway does not answer; this is older.</p>
      <section id="sums" class="sums" data-live aria-label="Figures">${sums(figures, open.length)}</section>
      <h2>Pool</h2>
      <section id="line" data-live>${poolTimeline(accounts, nowMs)}</section>
      <section id="pool" class="cards" data-live>${cards}</section>
      <h2>Keys</h2>
      ${shown.length === 0 ? noKeys : html`<section id="budgets" class="cards" data-live>${keyCards}</section>`}${more}
      <h2>Requests a minute</h2>
      <section id="minutes" data-live>${minuteChart(minutes)}</section>
      <h2>Cost a day</h2>
      <section id="cost" data-live>${costChart(figures, names)}</section>
      <h2>Models</h2>
      <section id="models" data-live>
        ${shareTable("Models", byModel, (id) => (id === "" ? "not known" : id))}
      </section>`,
  };
}

function sums({ accounts, minutes, byKey, replicas }: Overview, open: number): readonly Markup[] {
  const ready = accounts.filter(({ state }) => state === "ready").length;
  const hour = minutes.reduce((sum, { served, refused, failed }) => sum + served + refused + failed, 0);
  const total = (pick: (share: Share) => number) => byKey.reduce((sum, share) => sum + pick(share), 0);
  const figures: readonly (readonly [string, string])[] = [
    [`${ready} of ${accounts.length}`, "accounts ready"],
    [String(open), "keys"],
    [countText(hour), "requests in the last hour, refused ones too"],
    [countText(total(({ requests }) => requests)), `requests charged, ${shownDays} days`],
    [countText(total(({ tokens }) => tokens)), `tokens, ${shownDays} days`],
    [moneyText(total(({ costUsd }) => costUsd)), `API equivalent, ${shownDays} days`],
    ...(replicas > 1 ? [[String(replicas), "gateways"] as const] : []),
  ];
  return figures.map(([value, name]) => html`<div><b>${value}</b>${name}</div>`);
}

function minuteChart(minutes: Overview["minutes"]): Markup {
  const bars = minutes.map(({ atMs, served, refused, failed }): Bar => ({
    title: `${timeText(new Date(atMs).toISOString(), false)}: ${served} served, ${refused} refused, ${failed} failed`,
    parts: [served, refused, 0, 0, failed],
  }));
  const totals = minutes.map(({ served, refused, failed }) => served + refused + failed);
  const most = Math.max(...totals);
  const all = totals.reduce((sum, each) => sum + each, 0);
  const failed = minutes.reduce((sum, each) => sum + each.failed, 0);
  const label = `Requests a minute in the last hour: ${all} in all, ${failed} failed, at most ${most} in a minute`;
  const [from, to] = [minutes[0]?.atMs ?? 0, minutes.at(-1)?.atMs ?? 0].map((ms) =>
    new Date(ms).toTimeString().slice(0, 5),
  );
  if (all === 0) return html`<p>None in the last hour.</p>`;
  return html`<p class="scale">${most} a minute</p>
    ${barChart(label, bars)}
    <p class="ends"><span>${from ?? ""} ${zoneText(minutes[0]?.atMs ?? 0)}</span><span>${to ?? ""}</span></p>
    <p class="legend">
      <span><i class="c0"></i>served</span><span><i class="c1"></i>refused</span
      ><span><i class="c4"></i>failed</span>
    </p>`;
}

const colors = 5;

/** The dearest keys have colours of their own; the others share the last. */
function costChart({ days, byKey }: Overview, names: ReadonlyMap<string, string>): Markup {
  const total = byKey.reduce((sum, { costUsd }) => sum + costUsd, 0);
  if (total === 0) return html`<p>Nothing was used in ${shownDays} days.</p>`;
  const top = byKey.slice(0, colors).map(({ id }) => id);
  const bars = days.map(({ fromMs, byKey: costs }): Bar => {
    const own = top.map((id) => costs.get(id) ?? 0);
    const all = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
    const others = Math.max(0, all - own.reduce((sum, cost) => sum + cost, 0));
    return { title: `${dayText(fromMs)}: ${moneyText(all)}`, parts: [...own, others] };
  });
  const perDay = bars.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0));
  const most = Math.max(...perDay);
  const label = `Cost a day over ${shownDays} days: ${moneyText(total)} in all, at most ${moneyText(most)} a day`;
  const shown = [...top.map((id) => names.get(id) ?? id), ...(byKey.length > colors ? ["others"] : [])];
  const table = shareTable("Keys", byKey.slice(0, mostKeys), (id) => names.get(id) ?? id);
  return html`<p class="scale">${moneyText(most)} a day</p>
    ${barChart(label, bars)}
    <p class="ends">
      <span>${dayText(days[0]?.fromMs ?? 0)} UTC</span><span>${dayText(days.at(-1)?.fromMs ?? 0)}</span>
    </p>
    ${legend(shown)}${table}
    <p class="dim">What it would cost on OpenAI's API, not a bill.</p>`;
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function shareTable(caption: string, all: readonly Share[], name: (id: string) => string): Markup {
  if (all.length === 0) return html`<p>Nothing was used in ${shownDays} days.</p>`;
  const rows = all.map(
    ({ id, requests, tokens, costUsd }) =>
      html`<tr>
        <td>${name(id)}</td>
        <td>${countText(requests)}</td>
        <td>${countText(tokens)}</td>
        <td>${moneyText(costUsd)}</td>
      </tr>`,
  );
  return html`<table>
    <caption class="dim">
      ${caption}, ${shownDays} days
    </caption>
    <thead>
      <tr>
        <th scope="col">name</th>
        <th scope="col">requests</th>
        <th scope="col">tokens</th>
        <th scope="col">API equivalent</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
