import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** What a limit counts: whole requests, tokens of one kind, all tokens, or money. */
const limitKinds = ["requests", "input", "output", "tokens", "cost"] as const;
export type LimitKind = (typeof limitKinds)[number];

/** Over which time: `minute` and `5h` begin with the first use; `day`, `week` (Monday) and `month` follow the calendar in UTC. */
const limitWindows = ["minute", "5h", "day", "week", "month"] as const;
export type LimitWindow = (typeof limitWindows)[number];

/** One limit of a key. `max` counts requests or tokens; for `cost` it is millionths of a dollar. */
export interface LimitRule {
  readonly kind: LimitKind;
  readonly window: LimitWindow;
  readonly max: number;
  /** Counts requests for this model only. */
  readonly model?: string;
}

/** What the holder of a key may do. An absent list allows everything. */
export interface KeyPolicy {
  readonly models?: readonly string[];
  /** Ids of accounts of the pool. */
  readonly accounts?: readonly string[];
  readonly limits: readonly LimitRule[];
  /** Requests at the same time. */
  readonly parallel?: number;
}

export const microsPerDollar = 1_000_000;

/** The name of a limit inside a policy: two limits of one name would be one limit. */
export function ruleName({ kind, window, model }: LimitRule): string {
  return `${kind}/${window}${model === undefined ? "" : `@${model}`}`;
}

/** By any of the names that a request gives its model. */
export function countsModel(rule: LimitRule, ...names: readonly (string | undefined)[]): boolean {
  return rule.model === undefined || names.includes(rule.model);
}

export function allowsModel({ models }: KeyPolicy, model: string): boolean {
  return models === undefined || models.includes(model);
}

/** `requests=100/day`, `cost=5usd/week@gpt-5`. Throws `limit_invalid` and says which part cannot be used. */
export function parseLimit(text: string): LimitRule {
  const match = /^([a-z]+)=([^/@]+)\/([0-9a-z]+)(?:@(.+))?$/i.exec(text.trim());
  if (!match) throw invalid(text, "A limit looks like requests=100/day or cost=5usd/week.");
  const [, kindText = "", maxText = "", windowText = "", model] = match;
  const kind = limitKinds.find((each) => each === kindText.toLowerCase());
  if (!kind) throw invalid(text, `It can count: ${limitKinds.join(", ")}.`);
  const window = limitWindows.find((each) => each === windowText.toLowerCase());
  if (!window) throw invalid(text, `It can last: ${limitWindows.join(", ")}.`);
  const max = kind === "cost" ? parseMoney(maxText) : parseCount(maxText);
  if (max === null) {
    const form =
      kind === "cost" ? "an amount such as 5usd or 0.50usd" : "a whole number such as 100, 20k or 2m";
    throw invalid(text, `Its largest value is ${form}.`);
  }
  return { kind, window, max, ...(model === undefined ? {} : { model }) };
}

/** The form that `parseLimit` reads. */
export function limitText(rule: LimitRule): string {
  const max = rule.kind === "cost" ? `${rule.max / microsPerDollar}usd` : String(rule.max);
  return `${rule.kind}=${max}/${rule.window}${rule.model === undefined ? "" : `@${rule.model}`}`;
}

/** Refuses two limits that count the same thing over the same time. */
export function checkLimits(rules: readonly LimitRule[]): void {
  const names = new Set<string>();
  for (const rule of rules) {
    const name = ruleName(rule);
    if (names.has(name)) throw invalid(limitText(rule), `There is another limit for ${name}. Keep one.`);
    names.add(name);
  }
}

function parseCount(text: string): number | null {
  const match = /^(\d{1,15})(k|m)?$/i.exec(text.trim());
  if (!match) return null;
  const factor = { k: 1_000, m: 1_000_000 }[match[2]?.toLowerCase() ?? ""] ?? 1;
  const count = Number(match[1]) * factor;
  return Number.isSafeInteger(count) ? count : null;
}

function parseMoney(text: string): number | null {
  const match = /^\$?(\d{1,9}(?:\.\d{1,6})?)(?:usd)?$/i.exec(text.trim());
  return match ? Math.round(Number(match[1]) * microsPerDollar) : null;
}

function invalid(text: string, why: string): CodexAuthError {
  return new CodexAuthError("limit_invalid", `The limit ${text} cannot be used. ${why}`, {
    hint: "For example: --limit requests=100/day --limit cost=5usd/week",
  });
}
