import { microsPerDollar, ruleName } from "../../budget/policy.ts";
import { dayMs } from "../../quota/limit.ts";
import { countText, durationText, windowName } from "../../text/times.ts";
import type { PoolAccount } from "../admin/accounts.ts";
import type { LimitStanding } from "../limits/limit-headers.ts";
import { type Mark, meter, timeline } from "./drawings.ts";
import { html, type Markup, nothing } from "./markup.ts";
import type { KeyFigures } from "./overview-figures.ts";
import { moneyText, stateLevels, timeText, untilText } from "./words.ts";

export function accountCard(account: PoolAccount, nowMs: number, more: Markup = nothing): Markup {
  const { name, email, plan, state, reason, returnsAt, inFlight, windows } = account;
  const [word, level] = stateLevels[state];
  const seat = [email === name ? null : email, plan].filter((each) => each !== null).join(", ");
  const why = reason === null || reason === word ? "" : `: ${reason}`;
  const back = returnsAt === null ? "" : `, back ${untilText(returnsAt, nowMs)}`;
  const running = inFlight === 0 ? null : html`<p>${inFlight} running now</p>`;
  const quotas = windows.map((window) => quota(window, nowMs));
  return html`<article>
    <h3>${name}</h3>
    <p class="dim">${seat}</p>
    <p><b class="${level}">${word}</b>${why}${back}</p>
    ${running}${
      quotas.length > 0 ? quotas : [html`<p class="dim">Nothing is known of its quota yet.</p>`]
    }${more}
  </article>`;
}

function quota(window: PoolAccount["windows"][number], nowMs: number): Markup {
  const { minutes, remainingPercent, resetsAt, observedAt } = window;
  const level = remainingPercent < 10 ? "bad" : remainingPercent < 25 ? "low" : "good";
  const name = windowName(minutes);
  const ageMs = nowMs - Date.parse(observedAt);
  const about = [
    resetsAt === null ? "not started" : `resets ${untilText(resetsAt, nowMs)}`,
    ...(ageMs < 60_000 ? [] : [`as of ${durationText(ageMs)} ago`]),
  ].join("; ");
  return html`<div class="window">
    <p><b>${name}</b><span>${Math.round(remainingPercent)} % left</span></p>
    ${meter(`${name}, left`, remainingPercent, level)}
    <p class="dim">${about}</p>
  </div>`;
}

const shownMs = 7 * dayMs;

interface Refill {
  readonly name: string;
  readonly at: string;
  readonly window: string;
  readonly percent: number;
}

/** Seven days: where quota comes back, and until when an account does not serve. */
export function poolTimeline(accounts: readonly PoolAccount[], nowMs: number): Markup {
  const refills = accounts.flatMap((account) => refillsOf(account, nowMs));
  const lines = accounts.map((account) => {
    const own = refillsOf(account, nowMs);
    const marks = own.map(({ at, window, percent }): Mark => ({
      at: (Date.parse(at) - nowMs) / shownMs,
      title: `${window}: ${Math.round(percent)} % come back ${timeText(at, false)}`,
      isLong: window === "week" || window.endsWith("d"),
    }));
    const blocked = account.returnsAt === null ? 0 : (Date.parse(account.returnsAt) - nowMs) / shownMs;
    const words = own.map(({ window, at }) => `${window} resets ${untilText(at, nowMs)}`).join(", ");
    const label = `${account.name}: ${words === "" ? "nothing comes back" : words}`;
    return html`<span>${account.name}</span>${timeline(label, marks, Math.min(1, Math.max(0, blocked)))}`;
  });
  const days = Array.from({ length: 8 }, (_, day) => {
    const at = new Date(nowMs + day * dayMs).toDateString().slice(0, 3);
    return html`<span>${day === 0 ? "now" : at}</span>`;
  });
  return html`<div class="lines">
      ${lines}<span></span>
      <p class="days" aria-hidden="true">${days}</p>
    </div>
    <p>${words(accounts, refills, nowMs)}</p>
    <p class="legend">
      <span><i class="c1"></i>a quota of hours resets</span
      ><span><i class="c2"></i>a weekly quota resets</span>
    </p>`;
}

function refillsOf({ name, windows }: PoolAccount, nowMs: number): Refill[] {
  return windows
    .filter(({ resetsAt, remainingPercent }) => {
      const inMs = resetsAt === null ? -1 : Date.parse(resetsAt) - nowMs;
      return inMs > 0 && inMs <= shownMs && remainingPercent < 100;
    })
    .map(({ resetsAt, minutes, remainingPercent }) => ({
      name,
      at: resetsAt ?? "",
      window: windowName(minutes),
      percent: 100 - remainingPercent,
    }));
}

function words(accounts: readonly PoolAccount[], refills: readonly Refill[], nowMs: number): string {
  const ready = accounts.filter(({ state }) => state === "ready");
  const backs = accounts.flatMap(({ returnsAt }) => (returnsAt === null ? [] : [returnsAt])).toSorted();
  const [next] = refills.toSorted((one, other) => one.at.localeCompare(other.at));
  const refill =
    next === undefined
      ? "No quota resets within seven days."
      : `Next to come back: ${next.name}, ${next.window} window, ${untilText(next.at, nowMs)}.`;
  if (ready.length > 0) return `${ready.length} of ${accounts.length} can serve now. ${refill}`;
  const [back] = backs;
  if (accounts.length === 0) return "The pool is empty: codex auth login";
  return back === undefined
    ? `No account can serve now. ${refill}`
    : `No account can serve now; the first is back ${untilText(back, nowMs)}. ${refill}`;
}

/** What a key has used of each of its limits. */
export function budgets({ limits }: Pick<KeyFigures, "limits">, nowMs: number): readonly Markup[] {
  if (limits.length === 0) return [html`<p class="dim">No limits.</p>`];
  return limits.map((standing) => budget(standing, nowMs));
}

function budget({ rule, used, resetsAtMs }: LimitStanding, nowMs: number): Markup {
  const shown = (count: number) =>
    rule.kind === "cost" ? moneyText(count / microsPerDollar) : countText(count);
  const percent = rule.max === 0 ? 100 : (used / rule.max) * 100;
  const level = percent >= 100 ? "bad" : percent >= 80 ? "low" : "good";
  const name = ruleName(rule);
  const resets = used === 0 ? "" : `, resets ${untilText(new Date(resetsAtMs).toISOString(), nowMs)}`;
  return html`<div class="budget">
    <span>${name}</span><span>${shown(used)} of ${shown(rule.max)}</span>${meter(
      `${name}, used${resets}`,
      percent,
      level,
    )}
  </div>`;
}

export function keyState({ key, why, running }: KeyFigures): Markup {
  if (why === "revoked") return html`<b class="bad">revoked</b>`;
  if (why === "expired") return html`<b class="low">expired</b>`;
  const until =
    key.expiresMs === null ? "" : `, until ${timeText(new Date(key.expiresMs).toISOString(), false)}`;
  return html`<b class="good">open</b>${until}${running === 0 ? "" : `, ${running} running`}`;
}
