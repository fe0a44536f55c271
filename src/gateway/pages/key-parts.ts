import { microsPerDollar, ruleName } from "../../budget/policy.ts";
import { countText } from "../../text/times.ts";
import type { LimitStanding } from "../limits/limit-headers.ts";
import { meter } from "./drawings.ts";
import { html, type Markup } from "./markup.ts";
import type { KeyFigures } from "./overview-figures.ts";
import { moneyText, timeText, untilText } from "./words.ts";

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
