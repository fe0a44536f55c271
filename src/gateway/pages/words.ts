import { stateWords } from "../../pool/state.ts";
import { durationText } from "../../text/times.ts";
import type { PoolAccount } from "../admin/accounts.ts";
import { html, type Markup } from "./markup.ts";

/** As the terminal calls them, and how bad they are. */
export const stateLevels: Readonly<Record<PoolAccount["state"], readonly [word: string, level: string]>> = {
  ready: [stateWords.ready, "good"],
  limited: [stateWords.limited, "low"],
  cooling: [stateWords.resting, "low"],
  paused: [stateWords.paused, "dim"],
  "login-needed": [stateWords.flagged, "bad"],
  unusable: ["cannot be used", "bad"],
};

/** `$0.0042`, `$12.30`: small sums keep what is not nothing. */
export function moneyText(usd: number): string {
  if (usd === 0) return "$0";
  return usd < 1 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

/** "29 Nov 18:44:21", by the clock of the gateway's machine. */
export function timeText(time: string, withSeconds = true): string {
  const at = new Date(time);
  const [, month, day] = at.toDateString().split(" ");
  return `${day} ${month} ${at.toTimeString().slice(0, withSeconds ? 8 : 5)}`;
}

/** "UTC", "GMT+5:30": the zone of those times. */
export function zoneText(atMs: number): string {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(atMs);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "local";
}

export function timeMarkup(time: string, withSeconds = true): Markup {
  return html`<time datetime="${time}">${timeText(time, withSeconds)}</time>`;
}

export function untilText(time: string, nowMs: number): string {
  return `in ${durationText(Math.max(0, Date.parse(time) - nowMs))}`;
}

export function takenText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
